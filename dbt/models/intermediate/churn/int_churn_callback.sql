-- Grain: one row per store, vehicle and cohort month that was called: the call that tells most.
{{ config(
    unique_key=['store_code', 'vin', 'month'],
    meta={'affected_by': ['stg_survey__churn_callbacks']},
    pre_hook=also_affected("select store_code, vin, cohort_month from {{ changed('stg_survey__churn_callbacks') }}")
) }}
with ranked_callbacks as (
    -- a completed call carries the reason; among equals the latest stands
    select
        store_code,
        vin,
        cohort_month,
        outcome,
        reason,
        row_number() over (
            partition by store_code, vin, cohort_month
            order by
                case when outcome = 'completed' then 0 else 1 end,
                called_at desc nulls last,
                callback_no desc
        ) as preference
    from {{ ref('stg_survey__churn_callbacks') }}
    where {{ is_affected(['store_code', 'vin', 'cohort_month']) }}
)

select
    store_code,
    vin,
    cohort_month as month,
    outcome,
    reason
from ranked_callbacks
where preference = 1
