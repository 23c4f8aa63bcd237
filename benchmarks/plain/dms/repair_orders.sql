-- What the checks of dms/repair_orders count, in plain SQL: one row, one column a check.
with billed as (
    select
        store_code, repair_order_no,
        if(count(labour_amount) = count(*), sum(labour_amount), null) as labour_amount,
        if(count(parts_amount) = count(*), sum(parts_amount), null) as parts_amount,
        if(
            count(labour_amount + parts_amount) = count(*), sum(labour_amount + parts_amount), null
        ) as total_amount
    from staging.stg_dms__repair_order_lines
    group by store_code, repair_order_no
)

, rows as (
    select
        count(*) filter (batch.customer_no is null) as customer_no_filled,
        count(*) filter (batch.vin is null) as vin_filled,
        count(*) filter (batch.advisor_no is null) as advisor_no_filled,
        count(*) filter (batch.appointment_no is null) as appointment_no_filled,
        count(*) filter (batch.service_type is null) as service_type_filled,
        count(*) filter (batch.odometer_km is null) as odometer_km_filled,
        count(*) filter (batch.checked_in_at is null) as checked_in_at_filled,
        count(*) filter (batch.order_signed_at is null) as order_signed_at_filled,
        count(*) filter (batch.promised_at is null) as promised_at_filled,
        count(*) filter (batch.completed_at is null) as completed_at_filled,
        count(*) filter (batch.settled_at is null) as settled_at_filled,
        count(*) filter (batch.delivered_at is null) as delivered_at_filled,
        count(*) filter (batch.status is null) as status_filled,
        count(*) filter (batch.original_repair_order_no is null) as original_repair_order_no_filled,
        count(*) filter (batch.quoted_amount is null) as quoted_amount_filled,
        count(*) filter (batch.labour_amount is null) as labour_amount_filled,
        count(*) filter (batch.parts_amount is null) as parts_amount_filled,
        count(*) filter (batch.total_amount is null) as total_amount_filled,
        count(*) filter (not regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}')) as vin_form,
        count(*) filter (
            regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}') and batch.vin[9] <> vin_check_digit(batch.vin)
        ) as vin_check_digit,
        count(*) filter (batch.status = 'delivered' and batch.delivered_at is null) as delivered_at_of_delivered,
        count(*) filter (abs(batch.labour_amount + batch.parts_amount - batch.total_amount) > 0.01) as total_is_labour_and_parts,
        count(*) filter (batch.checked_in_at < timestamp '1990-01-01') as checked_in_since_1990,
        count(*) filter (batch.order_signed_at < batch.checked_in_at) as order_signed_after_checked_in,
        count(*) filter (batch.completed_at < batch.order_signed_at) as completed_after_order_signed,
        count(*) filter (batch.completed_at < batch.checked_in_at) as completed_after_checked_in,
        count(*) filter (batch.delivered_at < batch.completed_at) as delivered_after_completed,
        count(*) filter (batch.delivered_at < batch.order_signed_at) as delivered_after_order_signed,
        count(*) filter (batch.delivered_at < batch.checked_in_at) as delivered_after_checked_in,
        count(*) filter (batch.customer_no <> vehicles.customer_no) as customer_no_as_on_vehicle,
        count(*) filter (batch.status <> 'void' and billed.repair_order_no is null) as has_line,
        count(*) filter (abs(batch.labour_amount - billed.labour_amount) > 0.01) as labour_is_sum_of_lines,
        count(*) filter (abs(batch.parts_amount - billed.parts_amount) > 0.01) as parts_is_sum_of_lines,
        count(*) filter (abs(batch.total_amount - billed.total_amount) > 0.01) as total_is_sum_of_lines,
        count(*) filter (
            batch.customer_no is not null
            and (batch.store_code, batch.customer_no) not in (
                select (known.store_code, known.customer_no) from staging.stg_dms__customers as known
            )
        ) as customer_no_known,
        count(*) filter (
            batch.vin is not null
            and batch.vin not in (
                select known.vin from staging.stg_dms__vehicles as known
            )
        ) as vin_known,
        count(*) filter (
            batch.advisor_no is not null
            and (batch.store_code, batch.advisor_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as advisor_no_known,
        count(*) filter (
            batch.appointment_no is not null
            and (batch.store_code, batch.appointment_no) not in (
                select (known.store_code, known.appointment_no) from staging.stg_dms__appointments as known
            )
        ) as appointment_no_known,
        count(*) filter (
            batch.original_repair_order_no is not null
            and (batch.store_code, batch.original_repair_order_no) not in (
                select (known.store_code, known.repair_order_no) from staging.stg_dms__repair_orders as known
            )
        ) as original_repair_order_no_known,
        count(*) filter (
            is_after_extract(greatest(batch.checked_in_at, batch.order_signed_at, batch.completed_at, batch.settled_at, batch.delivered_at), batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_dms__repair_orders as batch
    left join staging.stg_dms__vehicles as vehicles
        on batch.store_code = vehicles.store_code and batch.vin = vehicles.vin
    left join billed on batch.store_code = billed.store_code and batch.repair_order_no = billed.repair_order_no
)

, implausible as (
    select
        count(*) filter (odometer_km < 0) as odometer_km_not_negative,
        count(*) filter (quoted_amount < 0) as quoted_amount_not_negative,
        count(*) filter (labour_amount < 0) as labour_amount_not_negative,
        count(*) filter (parts_amount < 0) as parts_amount_not_negative,
        count(*) filter (total_amount < 0) as total_amount_not_negative
    from lake.dms__repair_orders
    semi join staging.stg_dms__repair_orders using (source_file, source_line)
    where odometer_km < 0 or quoted_amount < 0 or labour_amount < 0 or parts_amount < 0 or total_amount < 0
)

, visits as (
    select
        odometer_km < max(odometer_km) over (
            partition by vin order by checked_in_at
            range between unbounded preceding and current row exclude group
        ) as is_below
    from staging.stg_dms__repair_orders
    where status <> 'void' and odometer_km is not null
)

, turned_back as (select count(*) filter (is_below) as odometer_not_below_earlier from visits)

, visited as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    where checked_in_at >= timestamp '1990-01-01' and last_day(checked_in_at) + 2 <= getvariable('as_of')
)

, stores as (
    select date_diff('month', min(month), (select max(month) from visited)) + 1 - count(*) as missing
    from visited
    group by store_code
)

, silent as (select coalesce(sum(missing), 0) as months_without_extract from stores)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'dms' and dataset = 'repair_orders' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(checked_in_at, extract_at) as date) + 2 as due_on
    from lake.dms__repair_orders
    group by store_code, repair_order_no
)

, late as (
    select count(*) as carried_in_time
    from first_seen
    asof join (select sent_on, min(extract_at) as extract_at from sent group by sent_on) as due
        on first_seen.due_on <= due.sent_on
    where first_seen.extract_at > due.extract_at
)

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.dms__repair_orders
        group by store_code, repair_order_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'repair_orders' and status = 'loaded'
    )
)

select
    * replace (
        -- Implausible values are no blanks, though staging reads them as unknown.
        odometer_km_filled - odometer_km_not_negative as odometer_km_filled,
        quoted_amount_filled - quoted_amount_not_negative as quoted_amount_filled,
        labour_amount_filled - labour_amount_not_negative as labour_amount_filled,
        parts_amount_filled - parts_amount_not_negative as parts_amount_filled,
        total_amount_filled - total_amount_not_negative as total_amount_filled
    )
from rows
cross join turned_back
cross join silent
cross join implausible
cross join late
cross join repeated
cross join newest
