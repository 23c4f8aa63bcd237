-- Grain: one row per store, cohort month and reason given in a completed call.
{{ config(
    unique_key=['store_code', 'month'],
    meta={'affected_by': ['stg_survey__churn_callbacks']},
    pre_hook=also_affected("select store_code, cohort_month from {{ changed('stg_survey__churn_callbacks') }}")
) }}
with completed_calls as (
    select
        store_code,
        cohort_month as month,
        vin,
        reason
    from {{ ref('stg_survey__churn_callbacks') }}
    where outcome = 'completed' and {{ is_affected(['store_code', 'cohort_month']) }}
),

reasons as (
    select
        store_code,
        month,
        reason,
        count(distinct vin) as vehicles
    from completed_calls
    where reason is not null
    group by 1, 2, 3
),

store_months as (
    select
        store_code,
        month,
        count(*) as completed
    from completed_calls
    group by 1, 2
)

select
    reasons.store_code,
    reasons.month,
    reasons.reason,
    reasons.vehicles,
    {{ ratio('reasons.vehicles', 'store_months.completed') }} as share
from reasons
inner join store_months
    on
        reasons.store_code = store_months.store_code
        and reasons.month = store_months.month
