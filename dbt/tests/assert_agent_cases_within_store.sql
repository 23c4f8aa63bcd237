-- Why: agents handle the store's cases; if together they had or resolved more than the store, their figures would be
-- wrong.
{{ config(meta={'dagster': {'ref': {'name': 'agent_monthly'}}}) }}

with agents as (
    select
        store_code,
        month,
        sum(cases) as cases,
        sum(resolved) as resolved
    from {{ ref('agent_monthly') }}
    group by 1, 2
)

select
    agents.store_code,
    agents.month,
    agents.cases as agent_cases,
    stores.cases as store_cases,
    agents.resolved as agent_resolved,
    stores.resolved as store_resolved
from agents
left join {{ ref('complaint_store_monthly') }} as stores
    on agents.store_code = stores.store_code and agents.month = stores.month
where agents.cases > coalesce(stores.cases, 0) or agents.resolved > coalesce(stores.resolved, 0)
