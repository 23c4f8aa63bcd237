-- Grain: one row per store and month, from the store's first repair order to the as-of month.
with first_months as (
    select
        store_code,
        min(month) as first_month
    from {{ ref('int_repair_order') }}
    group by 1
),

months_since_first_visit as (
    -- without this filter each store would be joined with all months, most of them before any repair order
    select month
    from {{ ref('int_month') }}
    where month >= (select min(first_months.first_month) from first_months) and month <= {{ as_of() }}
),

store_months as (
    select
        first_months.store_code,
        months_since_first_visit.month
    from first_months
    inner join months_since_first_visit
        on first_months.first_month <= months_since_first_visit.month
),

changes as (
    select
        store_code,
        month,
        on_file_change,
        active_change,
        0 as is_shown
    from {{ ref('int_customer_base_change') }}
    union all
    select
        store_code,
        month,
        0 as on_file_change,
        0 as active_change,
        1 as is_shown
    from store_months
),

months as (
    select
        store_code,
        month,
        sum(on_file_change) as on_file_change,
        sum(active_change) as active_change,
        max(is_shown) as is_shown
    from changes
    group by 1, 2
),

running as (
    select
        store_code,
        month,
        is_shown,
        sum(on_file_change) over (
            partition by store_code
            order by month
            rows between unbounded preceding and current row
        ) as on_file_customers,
        sum(active_change) over (
            partition by store_code
            order by month
            rows between unbounded preceding and current row
        ) as active_customers
    from months
)

select
    store_code,
    month,
    cast(on_file_customers as bigint) as on_file_customers,
    cast(active_customers as bigint) as active_customers
from running
where is_shown = 1
