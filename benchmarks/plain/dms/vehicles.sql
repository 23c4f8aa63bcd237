-- What the checks of dms/vehicles count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.plate_no is null) as plate_no_filled,
        count(*) filter (batch.customer_no is null) as customer_no_filled,
        count(*) filter (batch.brand is null) as brand_filled,
        count(*) filter (batch.model is null) as model_filled,
        count(*) filter (batch.sold_on is null) as sold_on_filled,
        count(*) filter (not regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}')) as vin_form,
        count(*) filter (
            regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}') and batch.vin[9] <> vin_check_digit(batch.vin)
        ) as vin_check_digit,
        count(*) filter (not regexp_matches(batch.plate_no, '^[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·. ]?([A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳]|[A-HJK][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[A-HJK])$')) as plate_form,
        count(*) filter (batch.brand <> stores.brand) as brand_as_of_store,
        count(*) filter (
            batch.customer_no is not null
            and (batch.store_code, batch.customer_no) not in (
                select (known.store_code, known.customer_no) from staging.stg_dms__customers as known
            )
        ) as customer_no_known,
        count(*) filter (
            is_after_extract(batch.sold_on, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_dms__vehicles as batch
    inner join staging.stg_dms__stores as stores on batch.store_code = stores.store_code
)

, told as (
    select vin, count(*) as records, count(distinct brand) as brands, count(distinct model) as models
    from staging.stg_dms__vehicles
    group by vin
)

, told_otherwise as (
    select
        coalesce(sum(records) filter (brands > 1), 0) as brand_alike_at_all_stores,
        coalesce(sum(records) filter (models > 1), 0) as model_alike_at_all_stores
    from told
)

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.dms__vehicles
        group by store_code, vin, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'dms' and dataset = 'vehicles' and status = 'loaded'
    )
)

select
    *
from rows
cross join told_otherwise
cross join repeated
cross join newest
