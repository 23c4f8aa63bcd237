-- What the checks of dms/stores count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.store_name is null) as store_name_filled,
        count(*) filter (batch.region_code is null) as region_code_filled,
        count(*) filter (batch.region_name is null) as region_name_filled,
        count(*) filter (batch.city is null) as city_filled,
        count(*) filter (batch.city_tier is null) as city_tier_filled,
        count(*) filter (batch.brand is null) as brand_filled,
        count(*) filter (batch.opened_on is null) as opened_on_filled,
        count(*) filter (
            is_after_extract(batch.opened_on, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_dms__stores as batch
)

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.dms__stores
        group by store_code, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'stores' and status = 'loaded'
    )
)

select
    *
from rows
cross join repeated
cross join newest
