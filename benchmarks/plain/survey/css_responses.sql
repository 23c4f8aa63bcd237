-- What the checks of survey/css_responses count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.store_code is null) as store_code_filled,
        count(*) filter (batch.period is null) as period_filled,
        count(*) filter (batch.repair_order_no is null) as repair_order_no_filled,
        count(*) filter (batch.advisor_no is null) as advisor_no_filled,
        count(*) filter (batch.score is null) as score_filled,
        count(*) filter (batch.repair_order_no is not null and orders.repair_order_no is null) as repair_order_no_known,
        count(*) filter (batch.advisor_no <> orders.advisor_no) as advisor_no_as_on_repair_order,
        count(*) filter (
            batch.advisor_no is not null
            and (batch.store_code, batch.advisor_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as advisor_no_known,
        count(*) filter (
            is_after_extract(batch.period, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_survey__css_responses as batch
    left join staging.stg_dms__repair_orders as orders
        on batch.store_code = orders.store_code and batch.repair_order_no = orders.repair_order_no
)

, implausible as (
    select
        count(*) filter (score not between 0 and 150) as score_inside_scale
    from lake.survey__css_responses
    semi join staging.stg_survey__css_responses using (source_file, source_line)
    where score not between 0 and 150
)

, visited as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    where status <> 'void' and checked_in_at >= timestamp '1990-01-01'
)

, known as (
    select distinct batch.store_code, date_trunc('month', batch.period) as month
    from staging.stg_survey__css_responses as batch
)

, carried as (
    select store_code, max(cast(extract_at as date)) as newest
    from staging.stg_survey__css_responses
    group by store_code
)

, silent as (
    select count(*) as months_without_extract
    from visited
    left join carried on visited.store_code = carried.store_code
    anti join known on visited.store_code = known.store_code and visited.month = known.month
    where
        last_day(visited.month) + 35 <= getvariable('as_of')
        and coalesce(carried.newest < last_day(visited.month), true)
)

, told as (
    select response_no, count(*) as answers
    from staging.stg_survey__css_responses
    group by response_no
    having count(distinct (store_code, period, repair_order_no, advisor_no)) > 1
)

, told_otherwise as (select coalesce(sum(answers), 0) as response_told_alike from told)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'survey' and dataset = 'css_responses' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(last_day(period), extract_at) as date) + 35 as due_on
    from lake.survey__css_responses
    group by response_no, item_code
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
        select 1 from lake.survey__css_responses
        group by response_no, item_code, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 35, true) as stale
        from lake.loads
        where system = 'survey' and dataset = 'css_responses' and status = 'loaded'
    )
)

select
    * replace (
        -- Implausible values are no blanks, though staging reads them as unknown.
        score_filled - score_inside_scale as score_filled
    )
from rows
cross join silent
cross join told_otherwise
cross join implausible
cross join late
cross join repeated
cross join newest
