-- Grain: one row per store, vehicle and month with a repair order: its last visit of the month and the next one after.
{{ config(
    unique_key=['store_code', 'vin'],
    meta={'affected_by': ['stg_dms__customers']},
    pre_hook=also_affected("
        select repair_orders.store_code, repair_orders.vin
        from {{ ref('int_repair_order') }} as repair_orders
        inner join {{ changed_values('stg_dms__customers', ['store_code', 'customer_no'], ['customer_type']) }} as customers
            on
                repair_orders.store_code = customers.store_code
                and repair_orders.customer_no = customers.customer_no
    ")
) }}
with visits as (
    select
        store_code,
        vin,
        month,
        customer_no,
        checked_in_at,
        row_number() over (
            partition by store_code, vin, month
            order by checked_in_at desc, repair_order_no desc
        ) as recency
    from {{ ref('int_repair_order') }}
    {{ where_named_by(changed('int_repair_order'), ['store_code', 'vin', 'month']) }}
),

months as (
    select
        store_code,
        vin,
        month,
        min(checked_in_at) as first_visit_at,
        max(checked_in_at) as last_visit_at,
        max(case when recency = 1 then customer_no end) as customer_no
    from visits
    group by 1, 2, 3
    {{ and_existing_months(
        ['store_code', 'vin', 'month'],
        ['store_code', 'vin', 'month', 'first_visit_at', 'last_visit_at', 'customer_no']
    ) }}
),

followed_months as (
    -- the visit after a month's last visit is the first visit of the vehicle's next month
    select
        store_code,
        vin,
        month,
        customer_no,
        first_visit_at,
        last_visit_at,
        lead(first_visit_at) over (
            partition by store_code, vin
            order by month
        ) as next_visit_at
    from months
)

select
    followed_months.store_code,
    followed_months.vin,
    followed_months.month,
    followed_months.customer_no,
    customers.customer_type,
    followed_months.first_visit_at,
    followed_months.last_visit_at,
    followed_months.next_visit_at,
    followed_months.next_visit_at is null
    or followed_months.next_visit_at >= {{ add_months('followed_months.last_visit_at', var('churn_months')) }}
        as is_lost
from followed_months
left join {{ ref('stg_dms__customers') }} as customers
    on
        followed_months.store_code = customers.store_code
        and followed_months.customer_no = customers.customer_no
