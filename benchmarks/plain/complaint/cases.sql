-- What the checks of complaint/cases count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.customer_no is null) as customer_no_filled,
        count(*) filter (batch.vin is null) as vin_filled,
        count(*) filter (batch.repair_order_no is null) as repair_order_no_filled,
        count(*) filter (batch.case_type is null) as case_type_filled,
        count(*) filter (batch.channel is null) as channel_filled,
        count(*) filter (batch.category is null) as category_filled,
        count(*) filter (batch.topic is null) as topic_filled,
        count(*) filter (batch.priority is null) as priority_filled,
        count(*) filter (batch.responsible_department is null) as responsible_department_filled,
        count(*) filter (batch.responsible_employee_no is null) as responsible_employee_no_filled,
        count(*) filter (batch.handler_no is null) as handler_no_filled,
        count(*) filter (batch.received_at is null) as received_at_filled,
        count(*) filter (batch.description is null) as description_filled,
        count(*) filter (not regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}')) as vin_form,
        count(*) filter (
            regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}') and batch.vin[9] <> vin_check_digit(batch.vin)
        ) as vin_check_digit,
        count(*) filter (batch.repair_order_no is not null and orders.repair_order_no is null) as repair_order_no_known,
        count(*) filter (batch.customer_no <> orders.customer_no) as customer_no_as_on_repair_order,
        count(*) filter (batch.vin <> orders.vin) as vin_as_on_repair_order,
        count(*) filter (batch.customer_no <> vehicles.customer_no) as customer_no_as_on_vehicle,
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
            batch.responsible_employee_no is not null
            and (batch.store_code, batch.responsible_employee_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as responsible_employee_no_known,
        count(*) filter (
            batch.handler_no is not null
            and (batch.store_code, batch.handler_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as handler_no_known,
        count(*) filter (
            is_after_extract(batch.received_at, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_complaint__cases as batch
    left join staging.stg_dms__repair_orders as orders
        on batch.store_code = orders.store_code and batch.repair_order_no = orders.repair_order_no
    left join staging.stg_dms__vehicles as vehicles
        on batch.store_code = vehicles.store_code and batch.vin = vehicles.vin
)

, visited as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    where status <> 'void' and checked_in_at >= timestamp '1990-01-01'
)

, known as (
    select distinct batch.store_code, date_trunc('month', batch.received_at) as month
    from staging.stg_complaint__cases as batch
)

, carried as (
    select store_code, max(cast(extract_at as date)) as newest
    from staging.stg_complaint__cases
    group by store_code
)

, silent as (
    select count(*) as months_without_extract
    from visited
    left join carried on visited.store_code = carried.store_code
    anti join known on visited.store_code = known.store_code and visited.month = known.month
    where
        last_day(visited.month) + 2 <= getvariable('as_of')
        and coalesce(carried.newest < last_day(visited.month), true)
)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'complaint' and dataset = 'cases' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(received_at, extract_at) as date) + 2 as due_on
    from lake.complaint__cases
    group by store_code, case_no
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
        select 1 from lake.complaint__cases
        group by store_code, case_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'complaint' and dataset = 'cases' and status = 'loaded'
    )
)

select
    *
from rows
cross join silent
cross join late
cross join repeated
cross join newest
