-- Grain: one row per repair order with a line; it is judged by all its lines, including those without a technician.
{{ config(unique_key=['store_code', 'repair_order_no']) }}
with repair_orders as (
    select
        store_code,
        repair_order_no,
        month,
        bool_or(is_failed or is_redone) as is_recorded_not_fixed,
        bool_or(is_comeback) as has_comeback
    from {{ ref('int_job_line') }}
    where {{ is_affected() }}
    group by 1, 2, 3
)

select
    store_code,
    repair_order_no,
    month,
    is_recorded_not_fixed,
    has_comeback and not is_recorded_not_fixed as is_inferred_not_fixed,
    has_comeback or is_recorded_not_fixed as is_not_fixed
from repair_orders
