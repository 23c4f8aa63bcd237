-- Why: the report shows reasons by week and by month; the weeks must add up to the month, or its two tables disagree.
{{ config(meta={'dagster': {'ref': {'name': 'complaint_reason_weekly'}}}) }}

with weekly as (
    select
        store_code,
        month,
        category,
        sum(cases) as cases
    from {{ ref('complaint_reason_weekly') }}
    group by 1, 2, 3
)

select
    weekly.store_code as weekly_store_code,
    monthly.store_code as monthly_store_code,
    coalesce(weekly.month, monthly.month) as month,
    weekly.cases as weekly_cases,
    monthly.cases as monthly_cases
from weekly
full outer join {{ ref('complaint_reason_monthly') }} as monthly
    on
        weekly.store_code = monthly.store_code
        and weekly.month = monthly.month
        and weekly.category = monthly.category
where weekly.cases is distinct from monthly.cases
