-- Why: first-fix figures count repair orders with a line; more of them than repair orders means that some count twice.
{{ config(meta={'dagster': {'ref': {'name': 'first_fix_store_monthly'}}}) }}

select
    first_fix.store_code,
    first_fix.month,
    first_fix.repairs,
    efficiency.repair_orders
from {{ ref('first_fix_store_monthly') }} as first_fix
left join {{ ref('service_efficiency_monthly') }} as efficiency
    on first_fix.store_code = efficiency.store_code and first_fix.month = efficiency.month
where first_fix.repairs > coalesce(efficiency.repair_orders, 0)
