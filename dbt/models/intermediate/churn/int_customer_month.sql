-- Grain: one row per store, customer and month with a repair order, with the months of the visits before and after.
{{ config(unique_key=['store_code', 'customer_no']) }}
with customer_months as (
    select distinct
        store_code,
        customer_no,
        month
    from {{ ref('int_repair_order') }}
    {{ where_named_by(changed('int_repair_order'), ['store_code', 'customer_no', 'month']) }}
    {{ and_existing_months(['store_code', 'customer_no', 'month'], ['store_code', 'customer_no', 'month']) }}
)

select
    store_code,
    customer_no,
    month,
    lag(month) over (
        partition by store_code, customer_no
        order by month
    ) as previous_visit_month,
    lead(month) over (
        partition by store_code, customer_no
        order by month
    ) as next_visit_month
from customer_months
