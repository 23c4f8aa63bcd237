-- Why: the numbers of customers on file and of active customers are running counts, in which an error would persist;
-- they must equal a recount of the customer files and of the visits in twelve months.
-- An incremental run recounts a tenth of the stores, another tenth each day.
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

active as (
    select
        recounted_months.store_code,
        count(distinct repair_orders.customer_no) as active_customers
    from recounted_months
    left join {{ ref('int_repair_order') }} as repair_orders
        on
            recounted_months.store_code = repair_orders.store_code
            and recounted_months.month >= repair_orders.month
            and recounted_months.month < {{ add_months('repair_orders.month', var('active_months')) }}
    group by recounted_months.store_code
),

on_file as (
    select
        recounted_months.store_code,
        count(customers.customer_no) as on_file_customers
    from recounted_months
    left join {{ ref('stg_dms__customers') }} as customers
        on
            recounted_months.store_code = customers.store_code
            and recounted_months.month >= {{ month_of('customers.registered_on') }}
    group by recounted_months.store_code
)

select
    bases.store_code,
    bases.month,
    on_file.on_file_customers as on_file_recounted,
    bases.on_file_customers as on_file_shown,
    active.active_customers as active_recounted,
    bases.active_customers as active_shown
from recounted_months
inner join {{ ref('customer_base_monthly') }} as bases
    on recounted_months.store_code = bases.store_code and recounted_months.month = bases.month
inner join active on recounted_months.store_code = active.store_code
inner join on_file on recounted_months.store_code = on_file.store_code
where on_file.on_file_customers <> bases.on_file_customers or active.active_customers <> bases.active_customers
