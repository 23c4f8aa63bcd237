-- Grain: one row per repair order that counts (not void). Amounts stay decimals, so that sums are exact.
{{ config(unique_key=['store_code', 'repair_order_no']) }}
with repair_orders as (
    select
        store_code,
        repair_order_no,
        customer_no,
        vin,
        advisor_no,
        appointment_no,
        original_repair_order_no,
        service_type,
        status,
        {{ month_of('checked_in_at') }} as month,
        checked_in_at,
        order_signed_at,
        promised_at,
        completed_at,
        settled_at,
        delivered_at,
        odometer_km,
        quoted_amount,
        labour_amount,
        parts_amount,
        total_amount,
        {{ elapsed_seconds('checked_in_at', 'order_signed_at') }} as wait_seconds,
        {{ elapsed_seconds('checked_in_at', 'delivered_at') }} as stay_seconds,
        source_file,
        source_line
    from {{ ref('stg_dms__repair_orders') }}
    where status <> 'void' and {{ is_affected() }}
),

appointment_links as (
    select
        store_code,
        repair_order_no,
        is_proactive
    from {{ ref('int_appointment_repair_order') }}
)

select
    repair_orders.store_code,
    repair_orders.repair_order_no,
    repair_orders.month,
    repair_orders.customer_no,
    repair_orders.vin,
    {{ customer_key('repair_orders') }} as customer_key,
    {{ vehicle_key('repair_orders') }} as vehicle_key,
    repair_orders.advisor_no,
    repair_orders.appointment_no,
    repair_orders.original_repair_order_no,
    repair_orders.service_type,
    repair_orders.status,
    repair_orders.checked_in_at,
    repair_orders.order_signed_at,
    repair_orders.promised_at,
    repair_orders.completed_at,
    repair_orders.settled_at,
    repair_orders.delivered_at,
    repair_orders.odometer_km,
    repair_orders.quoted_amount,
    repair_orders.labour_amount,
    repair_orders.parts_amount,
    repair_orders.total_amount,
    -- a duration that ends before it begins is unknown
    case when repair_orders.wait_seconds >= 0 then cast(repair_orders.wait_seconds as double) / 60 end as wait_minutes,
    case when repair_orders.stay_seconds >= 0 then cast(repair_orders.stay_seconds as double) / 3600 end as stay_hours,
    repair_orders.delivered_at is not null and repair_orders.promised_at is not null as is_promised,
    coalesce(repair_orders.delivered_at <= repair_orders.promised_at, false) as is_on_time_delivery,
    repair_orders.quoted_amount is not null and repair_orders.total_amount is not null as is_quoted,
    -- widened first: the product of a decimal(18, 8) and the factor would keep only 8 digits before the point
    coalesce(
        repair_orders.total_amount
        <= cast(repair_orders.quoted_amount as decimal(28, 8)) * {{ var('quote_tolerance_factor') }},
        false
    ) as is_within_quote,
    appointment_links.repair_order_no is not null as is_appointment,
    coalesce(appointment_links.is_proactive, false) as is_proactive_appointment,
    repair_orders.source_file,
    repair_orders.source_line
from repair_orders
left join appointment_links
    on
        repair_orders.store_code = appointment_links.store_code
        and repair_orders.repair_order_no = appointment_links.repair_order_no
{{ join_customer_key('repair_orders') }}
{{ join_vehicle_key('repair_orders') }}
