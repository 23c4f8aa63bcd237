-- Grain: one row per store, cohort month and outcome of a call to a lost customer.
select
    store_code,
    cohort_month as month,
    outcome,
    count(*) as callbacks
from {{ ref('stg_survey__churn_callbacks') }}
group by 1, 2, 3
