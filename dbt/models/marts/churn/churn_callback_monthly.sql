-- Grain: one row per store, cohort month and outcome of a call to a lost customer.
{{ config(
    unique_key=['store_code', 'month'],
    meta={'affected_by': ['stg_survey__churn_callbacks']},
    pre_hook=also_affected("select store_code, cohort_month from {{ changed('stg_survey__churn_callbacks') }}")
) }}
select
    store_code,
    cohort_month as month,
    outcome,
    count(*) as callbacks
from {{ ref('stg_survey__churn_callbacks') }}
where {{ is_affected(['store_code', 'cohort_month']) }}
group by 1, 2, 3
