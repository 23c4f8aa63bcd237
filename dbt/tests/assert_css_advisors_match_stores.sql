-- Why: advisors side by side are compared with their store; together they cannot have more calls than the store.
{{ config(meta={'dagster': {'ref': {'name': 'css_advisor_monthly'}}}) }}

with advisors as (
    select
        store_code,
        month,
        sum(callbacks_completed) as callbacks_completed
    from {{ ref('css_advisor_monthly') }}
    group by store_code, month
)

select
    advisors.store_code,
    advisors.month,
    advisors.callbacks_completed,
    stores.completed
from advisors
left join {{ ref('callback_store_monthly') }} as stores
    on
        advisors.store_code = stores.store_code
        and advisors.month = stores.month
where advisors.callbacks_completed > coalesce(stores.completed, 0)
