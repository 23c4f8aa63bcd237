-- Marts of the repair orders themselves: appointments, and how the workshop kept its promises.
create temp table kept as
select store_code, appointment_no, repair_order_no, is_proactive from appointments where status = 'kept';

-- A repair order came by appointment when it names a kept one, or one names it.
create temp table order_months as
with named as (
    select store_code, repair_order_no, bool_or(is_proactive) as is_proactive
    from kept
    where repair_order_no is not null
    group by all
)

, told as (
    select
        orders.store_code, orders.month, orders.delivered_at, orders.promised_at, orders.quoted_amount,
        orders.labour_amount, orders.parts_amount, orders.total_amount,
        named.repair_order_no is not null or naming.appointment_no is not null as is_appointment,
        coalesce(named.is_proactive, false) or coalesce(naming.is_proactive, false) as is_proactive,
        minutes_between(orders.checked_in_at, orders.order_signed_at) as wait_minutes,
        hours_between(orders.checked_in_at, orders.delivered_at) as stay_hours
    from repair_orders as orders
    left join named
        on orders.store_code = named.store_code and orders.repair_order_no = named.repair_order_no
    left join kept as naming
        on orders.store_code = naming.store_code and orders.appointment_no = naming.appointment_no
    where orders.counts
)

select
    store_code, month,
    count(*) as repair_orders,
    count_if(is_appointment) as appointment_repair_orders,
    count_if(is_proactive) as proactive_appointment_repair_orders,
    quantile_cont(wait_minutes, 0.5) filter (is_appointment) as wait_minutes_median_appointment,
    quantile_cont(wait_minutes, 0.5) filter (not is_appointment) as wait_minutes_median_walk_in,
    quantile_cont(stay_hours, [0.5, 0.9]) as stay_hours,
    count_if(delivered_at is not null and promised_at is not null) as promised,
    count_if(delivered_at <= promised_at) as on_time_deliveries,
    count_if(quoted_amount >= 0 and total_amount >= 0) as quoted,
    count_if(total_amount >= 0 and quoted_amount >= 0 and total_amount <= quoted_amount * 1.10) as within_quote,
    coalesce(sum(labour_amount) filter (labour_amount >= 0), 0)::double as labour_amount,
    coalesce(sum(parts_amount) filter (parts_amount >= 0), 0)::double as parts_amount,
    coalesce(sum(total_amount) filter (total_amount >= 0), 0)::double as total_amount
from told
group by all;

create table marts.appointment_store_monthly as
with booked as (
    select
        store_code, month_of(scheduled_at) as month,
        count(*) as appointments,
        count_if(is_proactive) as proactive,
        count_if(status = 'kept') as kept,
        count_if(status = 'no_show') as no_shows,
        count_if(status = 'cancelled') as cancelled,
        count_if(status = 'booked') as booked,
        count_if(status = 'kept' and arrived_at is not null) as kept_with_arrival,
        count_if(
            status = 'kept'
            and arrived_at between scheduled_at - interval 15 minute and scheduled_at + interval 15 minute
        ) as on_time_arrivals
    from appointments
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
