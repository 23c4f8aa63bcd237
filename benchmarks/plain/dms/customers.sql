-- What the checks of dms/customers count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.customer_name is null) as customer_name_filled,
        count(*) filter (batch.customer_type is null) as customer_type_filled,
        count(*) filter (batch.gender is null) as gender_filled,
        count(*) filter (batch.birth_year is null) as birth_year_filled,
        count(*) filter (batch.occupation is null) as occupation_filled,
        count(*) filter (batch.phone is null) as phone_filled,
        count(*) filter (batch.registered_on is null) as registered_on_filled,
        count(*) filter (not regexp_matches(batch.phone, '^([+]?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}$')) as phone_form,
        count(*) filter (batch.birth_year not between 1915 and 2010) as birth_year_plausible,
        count(*) filter (
            is_after_extract(batch.registered_on, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_dms__customers as batch
)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'dms' and dataset = 'customers' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(registered_on, extract_at) as date) + 2 as due_on
    from lake.dms__customers
    group by store_code, customer_no
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
        select 1 from lake.dms__customers
        group by store_code, customer_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'customers' and status = 'loaded'
    )
)

select
    *
from rows
cross join late
cross join repeated
cross join newest
