-- Grain: one row per store, vehicle and cohort month with a call: the latest completed call, else the latest call.
{{ config(
    unique_key=['store_code', 'vin', 'month'],
    meta={'affected_by': ['stg_survey__churn_callbacks']},
    pre_hook=also_affected("select store_code, vin, cohort_month from {{ changed('stg_survey__churn_callbacks') }}")
) }}
with ranked_callbacks as (
    -- only a completed call gives a reason
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
