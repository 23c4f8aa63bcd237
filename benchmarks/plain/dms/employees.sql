-- What the checks of dms/employees count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.employee_name is null) as employee_name_filled,
        count(*) filter (batch.role is null) as role_filled,
        count(*) filter (batch.department is null) as department_filled,
        count(*) filter (batch.hired_on is null) as hired_on_filled,
        count(*) filter (batch.left_on is null) as left_on_filled,
        count(*) filter (batch.left_on < batch.hired_on) as left_after_hired,
        count(*) filter (
            is_after_extract(batch.hired_on, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_dms__employees as batch
)

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.dms__employees
        group by store_code, employee_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'employees' and status = 'loaded'
    )
)

select
    *
from rows
cross join repeated
cross join newest
