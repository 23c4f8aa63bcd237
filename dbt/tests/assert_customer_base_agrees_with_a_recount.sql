-- The running count of active customers must equal a plain recount over the twelve months, or the base drifts.
-- A run by changes recounts a tenth of the stores, others each day: the rest were recounted in the days before.
{{ config(meta={'dagster': {'ref': {'name': 'customer_base_monthly'}}}) }}

with last_months as (
    -- only the last month of each store, so that the recount stays cheap
    select
        store_code,
        max(month) as month,
        row_number() over (order by store_code) as store_number
    from {{ ref('customer_base_monthly') }}
    group by store_code
),

recounted_months as (
    select
        store_code,
        month
    from last_months
    {% if builds_changes() %}
    where mod(store_number + cast(extract(day from {{ as_of() }}) as bigint), 10) = 0
    {% endif %}
),

recounts as (
    select
        recounted_months.store_code,
        recounted_months.month,
        count(distinct repair_orders.customer_no) as active_customers
    from recounted_months
    left join {{ ref('int_repair_order') }} as repair_orders
        on
            recounted_months.store_code = repair_orders.store_code
            and recounted_months.month >= repair_orders.month
            and recounted_months.month < {{ add_months('repair_orders.month', var('active_months')) }}
    group by recounted_months.store_code, recounted_months.month
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
