-- Grain: one row per store and month with an appointment or a repair order.
{{ config(unique_key=['store_code', 'month']) }}
with appointments as (
    select
        store_code,
        month,
        count(*) as appointments,
        count(*) filter (where is_proactive) as proactive,
        count(*) filter (where is_kept) as kept,
        count(*) filter (where is_no_show) as no_shows,
        count(*) filter (where status = 'cancelled') as cancelled,
        count(*) filter (where status = 'booked') as booked,
        count(*) filter (where is_kept_with_arrival) as kept_with_arrival,
        count(*) filter (where is_on_time_arrival) as on_time_arrivals
    from {{ ref('fct_appointment') }}
    where {{ is_affected() }}
    group by 1, 2
),

repair_orders as (
    select
        store_code,
        month,
        count(*) as repair_orders,
        count(*) filter (where is_appointment) as appointment_repair_orders,
        count(*) filter (where is_proactive_appointment) as proactive_appointment_repair_orders,
        {{ percentile('case when is_appointment then wait_minutes end', 0.5) }} as wait_minutes_median_appointment,
        {{ percentile('case when not is_appointment then wait_minutes end', 0.5) }} as wait_minutes_median_walk_in
    from {{ ref('int_repair_order') }}
    where {{ is_affected() }}
    group by 1, 2
),

store_months as (
    select
        store_code,
        month
    from appointments
    union
    select
        store_code,
        month
    from repair_orders
),

counts as (
    select
        store_months.store_code,
        store_months.month,
        coalesce(appointments.appointments, 0) as appointments,
        coalesce(appointments.proactive, 0) as proactive,
        coalesce(appointments.kept, 0) as kept,
        coalesce(appointments.no_shows, 0) as no_shows,
        coalesce(appointments.cancelled, 0) as cancelled,
        coalesce(appointments.booked, 0) as booked,
        coalesce(appointments.kept_with_arrival, 0) as kept_with_arrival,
        coalesce(appointments.on_time_arrivals, 0) as on_time_arrivals,
        coalesce(repair_orders.repair_orders, 0) as repair_orders,
        coalesce(repair_orders.appointment_repair_orders, 0) as appointment_repair_orders,
        coalesce(repair_orders.proactive_appointment_repair_orders, 0) as proactive_appointment_repair_orders,
        repair_orders.wait_minutes_median_appointment,
        repair_orders.wait_minutes_median_walk_in
    from store_months
    left join appointments
        on store_months.store_code = appointments.store_code and store_months.month = appointments.month
    left join repair_orders
        on store_months.store_code = repair_orders.store_code and store_months.month = repair_orders.month
)

select
    store_code,
    month,
    appointments,
    proactive,
    kept,
    no_shows,
    cancelled,
    booked,
    {{ ratio('proactive', 'appointments') }} as proactive_rate,
    {{ wilson_low('proactive', 'appointments') }} as proactive_rate_low,
    {{ wilson_high('proactive', 'appointments') }} as proactive_rate_high,
    {{ ratio('kept', '(kept + no_shows)') }} as kept_rate,
    {{ wilson_low('kept', '(kept + no_shows)') }} as kept_rate_low,
    {{ wilson_high('kept', '(kept + no_shows)') }} as kept_rate_high,
    {{ ratio('no_shows', '(kept + no_shows)') }} as no_show_rate,
    {{ wilson_low('no_shows', '(kept + no_shows)') }} as no_show_rate_low,
    {{ wilson_high('no_shows', '(kept + no_shows)') }} as no_show_rate_high,
    kept_with_arrival,
    on_time_arrivals,
    {{ ratio('on_time_arrivals', 'kept_with_arrival') }} as on_time_arrival_rate,
    {{ wilson_low('on_time_arrivals', 'kept_with_arrival') }} as on_time_arrival_rate_low,
    {{ wilson_high('on_time_arrivals', 'kept_with_arrival') }} as on_time_arrival_rate_high,
    repair_orders,
    appointment_repair_orders,
    {{ ratio('appointment_repair_orders', 'repair_orders') }} as appointment_rate,
    {{ wilson_low('appointment_repair_orders', 'repair_orders') }} as appointment_rate_low,
    {{ wilson_high('appointment_repair_orders', 'repair_orders') }} as appointment_rate_high,
    proactive_appointment_repair_orders,
    {{ ratio('proactive_appointment_repair_orders', 'repair_orders') }} as proactive_appointment_rate,
    {{ wilson_low('proactive_appointment_repair_orders', 'repair_orders') }} as proactive_appointment_rate_low,
    {{ wilson_high('proactive_appointment_repair_orders', 'repair_orders') }} as proactive_appointment_rate_high,
    wait_minutes_median_appointment,
    wait_minutes_median_walk_in
from counts
