-- Why: each dissatisfaction and complaint has one reason; a sum that differs from the store's means that a case has
-- none.
{{ config(meta={'dagster': {'ref': {'name': 'complaint_reason_monthly'}}}) }}

with reasons as (
    select
        store_code,
        month,
        sum(cases) as cases
    from {{ ref('complaint_reason_monthly') }}
    group by 1, 2
)

select
    stores.store_code,
    stores.month,
    stores.dissatisfactions + stores.complaints as store_cases,
    reasons.cases as reason_cases
from {{ ref('complaint_store_monthly') }} as stores
full outer join reasons
    on stores.store_code = reasons.store_code and stores.month = reasons.month
where stores.dissatisfactions + stores.complaints is distinct from coalesce(reasons.cases, 0)
