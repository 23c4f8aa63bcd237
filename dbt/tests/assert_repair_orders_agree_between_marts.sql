-- Why: several marts show the number of repair orders; if they differ for a month, readers cannot know which is right.
{{ config(meta={'dagster': {'ref': {'name': 'appointment_store_monthly'}}}) }}

with figures as (
    select
        store_code,
        month,
        'appointment_store_monthly' as mart,
        repair_orders
    from {{ ref('appointment_store_monthly') }}
    where repair_orders > 0
    union all
    select
        store_code,
        month,
        'service_efficiency_monthly' as mart,
        repair_orders
    from {{ ref('service_efficiency_monthly') }}
    union all
    select
        store_code,
        month,
        'complaint_store_monthly' as mart,
        repair_orders
    from {{ ref('complaint_store_monthly') }}
    where repair_orders > 0
    union all
    select
        store_code,
        month,
        'fct_repair_order' as mart,
        count(*) as repair_orders
    from {{ ref('fct_repair_order') }}
    group by 1, 2
)

select
    store_code,
    month,
    count(*) as marts,
    min(repair_orders) as lowest,
    max(repair_orders) as highest
from figures
group by 1, 2
having count(*) <> 4 or min(repair_orders) <> max(repair_orders)
