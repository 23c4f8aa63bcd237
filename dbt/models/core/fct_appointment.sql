-- Grain: one row per appointment of a store.
{{ config(unique_key=['store_code', 'appointment_no']) }}
with appointments as (
    select
        store_code,
        appointment_no,
        {{ month_of('scheduled_at') }} as month,
        customer_no,
        vin,
        advisor_no,
        repair_order_no,
        channel,
        initiated_by,
        status,
        created_at,
        scheduled_at,
        arrived_at,
        initiated_by = 'store' as is_proactive,
        status = 'kept' as is_kept,
        status = 'no_show' as is_no_show,
        status = 'kept' and arrived_at is not null as is_kept_with_arrival,
        {{ elapsed_seconds('scheduled_at', 'arrived_at') }} as lateness_seconds,
        source_file,
        source_line
    from {{ ref('stg_dms__appointments') }}
    where {{ is_affected() }}
)

select
    appointments.store_code,
    appointments.appointment_no,
    appointments.month,
    {{ customer_key('appointments') }} as customer_key,
    {{ vehicle_key('appointments') }} as vehicle_key,
    appointments.advisor_no,
    appointments.repair_order_no,
    appointments.channel,
    appointments.initiated_by,
    appointments.status,
    appointments.created_at,
    appointments.scheduled_at,
    appointments.arrived_at,
    appointments.is_proactive,
    appointments.is_kept,
    appointments.is_no_show,
    appointments.is_kept_with_arrival,
    appointments.is_kept_with_arrival
    and abs(appointments.lateness_seconds) <= {{ var('arrival_tolerance_minutes') }} * 60
        as is_on_time_arrival,
    appointments.source_file,
    appointments.source_line
from appointments
{{ join_customer_key('appointments') }}
{{ join_vehicle_key('appointments') }}
