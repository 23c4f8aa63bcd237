-- What the checks of survey/churn_callbacks count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.vin is null) as vin_filled,
        count(*) filter (batch.cohort_month is null) as cohort_month_filled,
        count(*) filter (batch.called_at is null) as called_at_filled,
        count(*) filter (batch.outcome is null) as outcome_filled,
        count(*) filter (batch.reason is null) as reason_filled,
        count(*) filter (not regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}')) as vin_form,
        count(*) filter (
            regexp_full_match(batch.vin, '[A-HJ-NPR-Z0-9]{17}') and batch.vin[9] <> vin_check_digit(batch.vin)
        ) as vin_check_digit,
        count(*) filter (batch.outcome = 'completed' and batch.reason is null) as reason_of_completed,
        count(*) filter (
            batch.vin is not null
            and batch.vin not in (
                select known.vin from staging.stg_dms__vehicles as known
            )
        ) as vin_known,
        count(*) filter (
            is_after_extract(greatest(batch.cohort_month, batch.called_at), batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_survey__churn_callbacks as batch
)

, unseen as (
    select count(*) as visited_in_cohort_month
    from staging.stg_survey__churn_callbacks as batch
    anti join staging.stg_dms__repair_orders as orders
        on
            batch.store_code = orders.store_code
            and batch.vin = orders.vin
            and batch.cohort_month = cast(date_trunc('month', orders.checked_in_at) as date)
            and orders.status <> 'void'
)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'survey' and dataset = 'churn_callbacks' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(called_at, extract_at) as date) + 35 as due_on
    from lake.survey__churn_callbacks
    group by store_code, callback_no
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
        select 1 from lake.survey__churn_callbacks
        group by store_code, callback_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 35, true) as stale
        from lake.loads
        where system = 'survey' and dataset = 'churn_callbacks' and status = 'loaded'
    )
)

select
    *
from rows
cross join unseen
cross join late
cross join repeated
cross join newest
