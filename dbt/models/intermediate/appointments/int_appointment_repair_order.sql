-- Grain: one row per repair order number that is linked with a kept appointment of its store, from either side.
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
with repair_orders as {{ computed_once() }} (
    select
        store_code,
        repair_order_no,
        appointment_no
    from {{ ref('stg_dms__repair_orders') }}
    where appointment_no is not null and {{ is_affected() }}
),

named_appointments as (
    select
        store_code,
        appointment_no,
        status,
        initiated_by
    from {{ ref('stg_dms__appointments') }}
    {{ where_named_by('repair_orders', ['store_code', 'appointment_no']) }}
),

links as (
    select
        store_code,
        repair_order_no,
        status,
        initiated_by
    from {{ ref('stg_dms__appointments') }}
    where repair_order_no is not null and {{ is_affected() }}
    union all
    select
        repair_orders.store_code,
        repair_orders.repair_order_no,
        named_appointments.status,
        named_appointments.initiated_by
    from repair_orders
    inner join named_appointments
        on
            repair_orders.store_code = named_appointments.store_code
            and repair_orders.appointment_no = named_appointments.appointment_no
)

select
    store_code,
    repair_order_no,
    bool_or(initiated_by = 'store') as is_proactive
from links
where status = 'kept'
group by 1, 2
