-- Repair orders and appointments, and the marts of the orders themselves: appointments, and how the workshop kept its
-- promises.
create table published.marts.fct_appointment as
select
    booked.store_code, booked.appointment_no, month_of(booked.scheduled_at) as month,
    coalesce(customer_keys.customer_key, keyed_hash(booked.store_code || '|' || booked.customer_no)) as customer_key,
    coalesce(vehicle_keys.vehicle_key, keyed_hash(booked.vin)) as vehicle_key,
    booked.advisor_no, booked.repair_order_no, booked.channel, booked.initiated_by, booked.status, booked.created_at,
    booked.scheduled_at, booked.arrived_at,
    booked.initiated_by = 'store' as is_proactive,
    booked.status = 'kept' as is_kept,
    booked.status = 'no_show' as is_no_show,
    booked.status = 'kept' and booked.arrived_at is not null as is_kept_with_arrival,
    booked.status = 'kept' and booked.arrived_at is not null
    and booked.arrived_at between booked.scheduled_at - interval 15 minute and booked.scheduled_at + interval 15 minute
        as is_on_time_arrival,
    files.source_file, booked.rowid - files.before as source_line
from appointments as booked
inner join files on booked.file = files.file
left join customer_keys
    on booked.store_code = customer_keys.store_code and booked.customer_no = customer_keys.customer_no
left join vehicle_keys on booked.vin = vehicle_keys.vin;

-- A repair order came by appointment when it names a kept one, or one names it.
create table published.marts.fct_repair_order as
with kept as (
    select store_code, appointment_no, repair_order_no, initiated_by = 'store' as is_proactive
    from appointments
    where status = 'kept'
)

, named as (
    select store_code, repair_order_no, bool_or(is_proactive) as is_proactive
    from kept
    where repair_order_no is not null
    group by all
)

select
    orders.store_code, orders.repair_order_no, month_of(orders.checked_in_at) as month,
    coalesce(customer_keys.customer_key, keyed_hash(orders.store_code || '|' || orders.customer_no)) as customer_key,
    coalesce(vehicle_keys.vehicle_key, keyed_hash(orders.vin)) as vehicle_key,
    orders.advisor_no, orders.appointment_no, orders.original_repair_order_no, orders.service_type, orders.status,
    orders.checked_in_at, orders.order_signed_at, orders.promised_at, orders.completed_at, orders.settled_at,
    orders.delivered_at, orders.odometer_km::double as odometer_km, orders.quoted_amount::double as quoted_amount,
    orders.labour_amount::double as labour_amount, orders.parts_amount::double as parts_amount,
    orders.total_amount::double as total_amount,
    minutes_between(orders.checked_in_at, orders.order_signed_at) as wait_minutes,
    hours_between(orders.checked_in_at, orders.delivered_at) as stay_hours,
    orders.delivered_at is not null and orders.promised_at is not null as is_promised,
    coalesce(orders.delivered_at <= orders.promised_at, false) as is_on_time_delivery,
    orders.quoted_amount is not null and orders.total_amount is not null as is_quoted,
    coalesce(orders.total_amount <= orders.quoted_amount * 1.10, false) as is_within_quote,
    named.repair_order_no is not null or naming.appointment_no is not null as is_appointment,
    coalesce(named.is_proactive, false) or coalesce(naming.is_proactive, false) as is_proactive_appointment,
    files.source_file, orders.rowid - files.before as source_line
from repair_orders as orders
inner join files on orders.file = files.file
left join customer_keys
    on orders.store_code = customer_keys.store_code and orders.customer_no = customer_keys.customer_no
left join vehicle_keys on orders.vin = vehicle_keys.vin
left join named on orders.store_code = named.store_code and orders.repair_order_no = named.repair_order_no
left join kept as naming on orders.store_code = naming.store_code and orders.appointment_no = naming.appointment_no
where orders.status <> 'void';

create temp table order_months as
select
    store_code, month,
    count(*) as repair_orders,
    count_if(is_appointment) as appointment_repair_orders,
    count_if(is_proactive_appointment) as proactive_appointment_repair_orders,
    quantile_cont(wait_minutes, 0.5) filter (is_appointment) as wait_minutes_median_appointment,
    quantile_cont(wait_minutes, 0.5) filter (not is_appointment) as wait_minutes_median_walk_in,
    quantile_cont(stay_hours, [0.5, 0.9]) as stay_hours,
    count_if(is_promised) as promised,
    count_if(is_on_time_delivery) as on_time_deliveries,
    count_if(is_quoted) as quoted,
    count_if(is_within_quote) as within_quote,
    coalesce(sum(labour_amount), 0) as labour_amount,
    coalesce(sum(parts_amount), 0) as parts_amount,
    coalesce(sum(total_amount), 0) as total_amount
from published.marts.fct_repair_order
group by all;

create table marts.appointment_store_monthly as
with booked as (
    select
        store_code, month,
        count(*) as appointments,
        count_if(is_proactive) as proactive,
        count_if(is_kept) as kept,
        count_if(is_no_show) as no_shows,
        count_if(status = 'cancelled') as cancelled,
        count_if(status = 'booked') as booked,
        count_if(is_kept_with_arrival) as kept_with_arrival,
        count_if(is_on_time_arrival) as on_time_arrivals
    from published.marts.fct_appointment
    group by all
)

, counts as (
    select
        store_code, month, coalesce(appointments, 0) as appointments, coalesce(proactive, 0) as proactive,
        coalesce(kept, 0) as kept, coalesce(no_shows, 0) as no_shows, coalesce(cancelled, 0) as cancelled,
        coalesce(booked, 0) as booked, coalesce(kept_with_arrival, 0) as kept_with_arrival,
        coalesce(on_time_arrivals, 0) as on_time_arrivals, coalesce(repair_orders, 0) as repair_orders,
        coalesce(appointment_repair_orders, 0) as appointment_repair_orders,
        coalesce(proactive_appointment_repair_orders, 0) as proactive_appointment_repair_orders,
        wait_minutes_median_appointment, wait_minutes_median_walk_in
    from booked
    full join order_months using (store_code, month)
)

select
    *,
    ratio(proactive, appointments) as proactive_rate,
    wilson_low(proactive, appointments) as proactive_rate_low,
    wilson_high(proactive, appointments) as proactive_rate_high,
    ratio(kept, kept + no_shows) as kept_rate,
    wilson_low(kept, kept + no_shows) as kept_rate_low,
    wilson_high(kept, kept + no_shows) as kept_rate_high,
    ratio(no_shows, kept + no_shows) as no_show_rate,
    wilson_low(no_shows, kept + no_shows) as no_show_rate_low,
    wilson_high(no_shows, kept + no_shows) as no_show_rate_high,
    ratio(on_time_arrivals, kept_with_arrival) as on_time_arrival_rate,
    wilson_low(on_time_arrivals, kept_with_arrival) as on_time_arrival_rate_low,
    wilson_high(on_time_arrivals, kept_with_arrival) as on_time_arrival_rate_high,
    ratio(appointment_repair_orders, repair_orders) as appointment_rate,
    wilson_low(appointment_repair_orders, repair_orders) as appointment_rate_low,
    wilson_high(appointment_repair_orders, repair_orders) as appointment_rate_high,
    ratio(proactive_appointment_repair_orders, repair_orders) as proactive_appointment_rate,
    wilson_low(proactive_appointment_repair_orders, repair_orders) as proactive_appointment_rate_low,
    wilson_high(proactive_appointment_repair_orders, repair_orders) as proactive_appointment_rate_high
from counts;
