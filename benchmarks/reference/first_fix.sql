-- First-time fix, and the labour hours that only job lines know. Repair orders are known by their rowid from here on.
create temp table jobs as
select
    orders.rowid as visit, orders.store_code, orders.month, lines.line_no, lines.technician_no, lines.concern,
    lines.labour_hours, lines.not_fixed_reason, coalesce(lines.is_failed, false) as is_failed
from lines
inner join repair_orders as orders
    on lines.store_code = orders.store_code and lines.repair_order_no = orders.repair_order_no
where orders.counts;

create table marts.service_efficiency_monthly as
with hours as (
    select store_code, month, sum(labour_hours)::double as labour_hours from jobs group by all
)

select
    store_code, month, repair_orders, stay_hours[1] as stay_hours_median, stay_hours[2] as stay_hours_p90,
    promised, on_time_deliveries,
    ratio(on_time_deliveries, promised) as on_time_delivery_rate,
    wilson_low(on_time_deliveries, promised) as on_time_delivery_rate_low,
    wilson_high(on_time_deliveries, promised) as on_time_delivery_rate_high,
    quoted, within_quote,
    ratio(within_quote, quoted) as within_quote_rate,
    wilson_low(within_quote, quoted) as within_quote_rate_low,
    wilson_high(within_quote, quoted) as within_quote_rate_high,
    labour_amount, parts_amount, total_amount,
    coalesce(hours.labour_hours, 0) as labour_hours,
    ratio(total_amount, repair_orders) as revenue_per_repair_order
from order_months
left join hours using (store_code, month);

-- Visits first: few vehicles come again within the window, and only their lines are compared.
create temp table comebacks as
with again as (
    select repaired.rowid as visit, later.rowid as later_visit
    from repair_orders as repaired
    inner join repair_orders as later
        on
            repaired.vin = later.vin
            and later.checked_in_at > repaired.delivered_at
            and later.checked_in_at <= repaired.delivered_at + interval 30 day
    where
        repaired.counts and later.counts and repaired.rowid <> later.rowid
        and coalesce(
            if(later.odometer_km >= 0, later.odometer_km, null)
            - if(repaired.odometer_km >= 0, repaired.odometer_km, null) <= 1000,
            true
        )
)

, later_concerns as (
    select again.visit, jobs.concern
    from again
    inner join jobs on again.later_visit = jobs.visit
    where jobs.concern is not null
)

select distinct later_concerns.visit, later_concerns.concern
from later_concerns
semi join jobs on later_concerns.visit = jobs.visit and later_concerns.concern = jobs.concern;

create temp table redone as
select distinct original.rowid as visit
from repair_orders as original
inner join repair_orders as redo
    on
        original.store_code = redo.store_code
        and original.repair_order_no = redo.original_repair_order_no
        and original.checked_in_at < redo.checked_in_at
where original.counts and redo.counts;

create temp table repairs as
select
    jobs.visit, jobs.technician_no, any_value(jobs.store_code) as store_code, any_value(jobs.month) as month,
    bool_or(jobs.is_failed) or any_value(redone.visit) is not null as is_recorded,
    bool_or(comebacks.visit is not null) as is_comeback,
    min_by(coalesce(jobs.not_fixed_reason, 'unspecified'), jobs.line_no) filter (jobs.is_failed) as reason
from jobs
left join redone on jobs.visit = redone.visit
left join comebacks on jobs.visit = comebacks.visit and jobs.concern = comebacks.concern
group by jobs.visit, jobs.technician_no;

create table marts.first_fix_technician_monthly as
with counts as (
    select
        store_code, technician_no, month,
        count(*) as repairs,
        count_if(is_recorded) as recorded_not_fixed,
        count_if(is_comeback and not is_recorded) as inferred_not_fixed,
        count_if(is_recorded or is_comeback) as not_fixed
    from repairs
    where technician_no is not null
    group by all
)

select
    *,
    ratio(not_fixed, repairs) as not_fixed_rate,
    wilson_low(not_fixed, repairs) as not_fixed_rate_low,
    wilson_high(not_fixed, repairs) as not_fixed_rate_high,
    ratio(repairs - not_fixed, repairs) as first_fix_rate,
    wilson_low(repairs - not_fixed, repairs) as first_fix_rate_low,
    wilson_high(repairs - not_fixed, repairs) as first_fix_rate_high,
    getvariable('as_of') >= last_day(month) + 30 as is_final
from counts;

create table marts.first_fix_reason_monthly as
select store_code, technician_no, month, coalesce(reason, 'comeback') as reason, count(*) as not_fixed
from repairs
where technician_no is not null and (is_recorded or is_comeback)
group by all;

create table marts.first_fix_store_monthly as
with visits as (
    select
        visit, any_value(store_code) as store_code, any_value(month) as month,
        bool_or(is_recorded) as is_recorded, bool_or(is_comeback) as is_comeback
    from repairs
    group by visit
)

, counts as (
    select
        store_code, month,
        count(*) as repairs,
        count_if(is_recorded) as recorded_not_fixed,
        count_if(is_comeback and not is_recorded) as inferred_not_fixed,
        count_if(is_recorded or is_comeback) as not_fixed
    from visits
    group by all
)

select
    counts.*,
    ratio(counts.not_fixed, counts.repairs) as not_fixed_rate,
    wilson_low(counts.not_fixed, counts.repairs) as not_fixed_rate_low,
    wilson_high(counts.not_fixed, counts.repairs) as not_fixed_rate_high,
    ratio(counts.repairs - counts.not_fixed, counts.repairs) as first_fix_rate,
    wilson_low(counts.repairs - counts.not_fixed, counts.repairs) as first_fix_rate_low,
    wilson_high(counts.repairs - counts.not_fixed, counts.repairs) as first_fix_rate_high,
    ratio(before.repairs - before.not_fixed, before.repairs) as previous_first_fix_rate,
    getvariable('as_of') >= last_day(counts.month) + 30 as is_final
from counts
left join counts as before
    on counts.store_code = before.store_code and counts.month = before.month + interval 1 month;
