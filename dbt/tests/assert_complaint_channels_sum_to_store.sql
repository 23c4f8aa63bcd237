-- Why: every case came by a channel; a sum that differs from the store's cases means that cases are lost or counted
-- twice.
{{ config(meta={'dagster': {'ref': {'name': 'complaint_channel_monthly'}}}) }}

with channels as (
    select
        store_code,
        month,
        sum(cases) as cases
    from {{ ref('complaint_channel_monthly') }}
    group by 1, 2
)

select
    stores.store_code,
    stores.month,
    stores.cases as store_cases,
    channels.cases as channel_cases
from {{ ref('complaint_store_monthly') }} as stores
full outer join channels
    on stores.store_code = channels.store_code and stores.month = channels.month
where stores.cases is distinct from coalesce(channels.cases, 0)
