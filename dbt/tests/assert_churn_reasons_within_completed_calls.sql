-- Why: each reason was given in a completed call, so no reason can have more vehicles than there were completed calls.
{{ config(meta={'dagster': {'ref': {'name': 'churn_callback_monthly'}}}) }}

with completed_calls as (
    select
        store_code,
        month,
        callbacks
    from {{ ref('churn_callback_monthly') }}
    where outcome = 'completed'
)

select
    reasons.store_code,
    reasons.month,
    reasons.reason,
    reasons.vehicles,
    completed_calls.callbacks
from {{ ref('churn_reason_monthly') }} as reasons
left join completed_calls
    on reasons.store_code = completed_calls.store_code and reasons.month = completed_calls.month
where reasons.vehicles > coalesce(completed_calls.callbacks, 0)
