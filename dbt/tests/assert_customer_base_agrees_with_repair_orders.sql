-- The running count of active customers must equal a plain recount over the twelve months, or the base drifts.
{{ config(meta={'dagster': {'ref': {'name': 'customer_base_monthly'}}}) }}

with customer_months as (
    select distinct
        store_code,
        customer_no,
        month
    from {{ ref('int_repair_order') }}
),

-- only the last month of each store, so that the recount stays cheap
last_months as (
    select
        store_code,
        max(month) as month
    from {{ ref('customer_base_monthly') }}
    group by 1
),

recounts as (
    select
        last_months.store_code,
        last_months.month,
        count(distinct customer_months.customer_no) as active_customers
    from last_months
    left join customer_months
        on
            last_months.store_code = customer_months.store_code
            and last_months.month >= customer_months.month
            and last_months.month < {{ add_months('customer_months.month', var('active_months')) }}
    group by 1, 2
)

select
    recounts.store_code,
    recounts.month,
    recounts.active_customers as recounted,
    bases.active_customers as shown
from recounts
inner join {{ ref('customer_base_monthly') }} as bases
    on recounts.store_code = bases.store_code and recounts.month = bases.month
where recounts.active_customers <> bases.active_customers
