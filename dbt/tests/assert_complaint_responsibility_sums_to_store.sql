-- Why: every case counts for somebody or in the blank row; a sum that differs from the store's means that cases are
-- lost.
{{ config(meta={'dagster': {'ref': {'name': 'complaint_responsibility_monthly'}}}) }}

with responsibilities as (
    select
        store_code,
        month,
        sum(cases) as cases,
        sum(complaints) as complaints
    from {{ ref('complaint_responsibility_monthly') }}
    group by 1, 2
)

select
    stores.store_code,
    stores.month,
    stores.cases as store_cases,
    responsibilities.cases as responsibility_cases,
    stores.complaints as store_complaints,
    responsibilities.complaints as responsibility_complaints
from {{ ref('complaint_store_monthly') }} as stores
full outer join responsibilities
    on stores.store_code = responsibilities.store_code and stores.month = responsibilities.month
where
    stores.cases is distinct from coalesce(responsibilities.cases, 0)
    or stores.complaints is distinct from coalesce(responsibilities.complaints, 0)
