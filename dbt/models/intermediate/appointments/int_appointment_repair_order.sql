-- Grain: one row per repair order number linked with a kept appointment of its store, from either side.
{{ config(
    unique_key=['store_code', 'repair_order_no'],
    pre_hook=also_affected("
        select repair_orders.store_code, repair_orders.repair_order_no
        from {{ ref('stg_dms__repair_orders') }} as repair_orders
        inner join {{ changed('stg_dms__appointments') }} as appointments
            on
                repair_orders.store_code = appointments.store_code
                and repair_orders.appointment_no = appointments.appointment_no
    ")
) }}
with kept_appointments as (
    select
        store_code,
        appointment_no,
        repair_order_no,
        initiated_by = 'store' as is_proactive
    from {{ ref('stg_dms__appointments') }}
    where status = 'kept'
),

links as (
    select
        store_code,
        repair_order_no,
        is_proactive
    from kept_appointments
    where repair_order_no is not null and {{ is_affected() }}
    union all
    select
        repair_orders.store_code,
        repair_orders.repair_order_no,
        kept_appointments.is_proactive
    from {{ ref('stg_dms__repair_orders') }} as repair_orders
    inner join kept_appointments
        on
            repair_orders.store_code = kept_appointments.store_code
            and repair_orders.appointment_no = kept_appointments.appointment_no
    where {{ is_affected(['repair_orders.store_code', 'repair_orders.repair_order_no']) }}
)

select
    store_code,
    repair_order_no,
    bool_or(is_proactive) as is_proactive
from links
group by 1, 2
