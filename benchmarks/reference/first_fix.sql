-- First-time fix, and the job lines that tell of it.
-- Visits first: few vehicles come again within the window, and only their lines are compared.
create temp table comebacks as
with again as (
    select
        repaired.store_code, repaired.repair_order_no,
        {
            checked_in_at: later.checked_in_at, store_code: later.store_code, repair_order_no: later.repair_order_no
        } as later
    from repair_orders as repaired
    inner join repair_orders as later
        on
            repaired.vin = later.vin
            and later.checked_in_at > repaired.delivered_at
            and later.checked_in_at <= repaired.delivered_at + interval 30 day
            and later.checked_in_at > repaired.checked_in_at
    where
        repaired.status <> 'void' and later.status <> 'void' and repaired.rowid <> later.rowid
        and coalesce(later.odometer_km - repaired.odometer_km <= 1000, true)
)

select again.store_code, again.repair_order_no, lines.concern, min(again.later) as later
from again
inner join lines
    on again.later.store_code = lines.store_code and again.later.repair_order_no = lines.repair_order_no
where lines.concern is not null
group by all;

-- Only a later repair order can redo the one it names.
create temp table redone as
select
    original.store_code, original.repair_order_no,
    min_by(redo.repair_order_no, (redo.checked_in_at, redo.repair_order_no)) as redone_by_repair_order_no
from repair_orders as original
inner join repair_orders as redo
    on
        original.store_code = redo.store_code
        and original.repair_order_no = redo.original_repair_order_no
        and original.checked_in_at < redo.checked_in_at
where original.status <> 'void' and redo.status <> 'void'
group by all;

create table published.marts.fct_job_line as
select
    lines.store_code, lines.repair_order_no, lines.line_no, orders.month, orders.customer_key, orders.vehicle_key,
    orders.advisor_no, lines.technician_no, lines.job_code, masked(lines.concern) as concern,
    lines.labour_hours::double as labour_hours, lines.labour_amount::double as labour_amount,
    lines.parts_amount::double as parts_amount, lines.fixed_first_visit, lines.not_fixed_reason,
    coalesce(not lines.fixed_first_visit, false) as is_failed,
    redone.repair_order_no is not null as is_redone,
    comebacks.repair_order_no is not null as is_comeback,
    redone.redone_by_repair_order_no, comebacks.later.store_code as comeback_store_code,
    comebacks.later.repair_order_no as comeback_repair_order_no,
    files.source_file, lines.rowid - files.before as source_line
from lines
inner join files on lines.file = files.file
inner join published.marts.fct_repair_order as orders
    on lines.store_code = orders.store_code and lines.repair_order_no = orders.repair_order_no
left join redone on lines.store_code = redone.store_code and lines.repair_order_no = redone.repair_order_no
left join comebacks
    on
        lines.store_code = comebacks.store_code and lines.repair_order_no = comebacks.repair_order_no
        and lines.concern = comebacks.concern;

create table marts.service_efficiency_monthly as
with hours as (
    select store_code, month, sum(labour_hours) as labour_hours from published.marts.fct_job_line group by all
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

create temp table repairs as
select
    store_code, repair_order_no, technician_no, any_value(month) as month,
    bool_or(is_failed or is_redone) as is_recorded,
    bool_or(is_comeback) as is_comeback,
    min_by(coalesce(not_fixed_reason, 'unspecified'), line_no) filter (is_failed) as reason
from published.marts.fct_job_line
group by store_code, repair_order_no, technician_no;

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
        store_code, any_value(month) as month,
        bool_or(is_recorded) as is_recorded, bool_or(is_comeback) as is_comeback
    from repairs
    group by store_code, repair_order_no
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
