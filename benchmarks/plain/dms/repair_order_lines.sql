-- What the checks of dms/repair_order_lines count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.technician_no is null) as technician_no_filled,
        count(*) filter (batch.job_code is null) as job_code_filled,
        count(*) filter (batch.concern is null) as concern_filled,
        count(*) filter (batch.labour_hours is null) as labour_hours_filled,
        count(*) filter (batch.labour_amount is null) as labour_amount_filled,
        count(*) filter (batch.parts_amount is null) as parts_amount_filled,
        count(*) filter (batch.fixed_first_visit is null) as fixed_first_visit_filled,
        count(*) filter (batch.not_fixed_reason is null) as not_fixed_reason_filled,
        count(*) filter (batch.fixed_first_visit = false and batch.not_fixed_reason is null) as reason_of_not_fixed,
        count(*) filter (
            batch.repair_order_no is not null
            and (batch.store_code, batch.repair_order_no) not in (
                select (known.store_code, known.repair_order_no) from staging.stg_dms__repair_orders as known
            )
        ) as repair_order_no_known,
        count(*) filter (
            batch.technician_no is not null
            and (batch.store_code, batch.technician_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as technician_no_known
    from staging.stg_dms__repair_order_lines as batch
)

, implausible as (
    select
        count(*) filter (labour_hours < 0) as labour_hours_not_negative,
        count(*) filter (labour_amount < 0) as labour_amount_not_negative,
        count(*) filter (parts_amount < 0) as parts_amount_not_negative
    from lake.dms__repair_order_lines
    semi join staging.stg_dms__repair_order_lines using (source_file, source_line)
    where labour_hours < 0 or labour_amount < 0 or parts_amount < 0
)

, visited as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    where status <> 'void' and checked_in_at >= timestamp '1990-01-01'
)

, known as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    semi join staging.stg_dms__repair_order_lines using (store_code, repair_order_no)
)

, carried as (
    select store_code, max(cast(extract_at as date)) as newest
    from staging.stg_dms__repair_order_lines
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

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.dms__repair_order_lines
        group by store_code, repair_order_no, line_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'repair_order_lines' and status = 'loaded'
    )
)

select
    * replace (
        -- Implausible values are no blanks, though staging reads them as unknown.
        labour_hours_filled - labour_hours_not_negative as labour_hours_filled,
        labour_amount_filled - labour_amount_not_negative as labour_amount_filled,
        parts_amount_filled - parts_amount_not_negative as parts_amount_filled
    )
from rows
cross join silent
cross join implausible
cross join repeated
cross join newest
