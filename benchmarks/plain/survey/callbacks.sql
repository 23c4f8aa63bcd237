-- What the checks of survey/callbacks count, in plain SQL: one row, one column a check.
with answered as (
    select store_code, callback_no
    from staging.stg_survey__callback_answers
    where question_code = 'Q1' and score is not null
    union
    -- An answer outside the scale is an answer; staging reads it as unknown.
    select store_code, callback_no
    from lake.survey__callback_answers
    semi join staging.stg_survey__callback_answers using (source_file, source_line)
    where question_code = 'Q1' and score not between 1 and 5
)

, rows as (
    select
        count(*) filter (batch.repair_order_no is null) as repair_order_no_filled,
        count(*) filter (batch.customer_no is null) as customer_no_filled,
        count(*) filter (batch.advisor_no is null) as advisor_no_filled,
        count(*) filter (batch.interviewer_no is null) as interviewer_no_filled,
        count(*) filter (batch.called_at is null) as called_at_filled,
        count(*) filter (batch.outcome is null) as outcome_filled,
        count(*) filter (batch.repair_order_no is not null and orders.repair_order_no is null) as repair_order_no_known,
        count(*) filter (batch.customer_no <> orders.customer_no) as customer_no_as_on_repair_order,
        count(*) filter (batch.advisor_no <> orders.advisor_no) as advisor_no_as_on_repair_order,
        count(*) filter (batch.called_at < orders.delivered_at) as called_after_delivery,
        count(*) filter (batch.outcome = 'completed' and answered.callback_no is null) as q1_of_completed,
        count(*) filter (
            batch.customer_no is not null
            and (batch.store_code, batch.customer_no) not in (
                select (known.store_code, known.customer_no) from staging.stg_dms__customers as known
            )
        ) as customer_no_known,
        count(*) filter (
            batch.advisor_no is not null
            and (batch.store_code, batch.advisor_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as advisor_no_known,
        count(*) filter (
            batch.interviewer_no is not null
            and (batch.store_code, batch.interviewer_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as interviewer_no_known,
        count(*) filter (
            is_after_extract(batch.called_at, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_survey__callbacks as batch
    left join staging.stg_dms__repair_orders as orders
        on batch.store_code = orders.store_code and batch.repair_order_no = orders.repair_order_no
    left join answered on batch.store_code = answered.store_code and batch.callback_no = answered.callback_no
)

, visited as (
    select distinct store_code, date_trunc('month', checked_in_at) as month
    from staging.stg_dms__repair_orders
    where status <> 'void' and checked_in_at >= timestamp '1990-01-01'
)

, called as (
    select distinct store_code, date_trunc('month', called_at) as month from staging.stg_survey__callbacks
)

, silent as (
    select count(*) as months_without_callbacks
    from visited
    anti join called on visited.store_code = called.store_code and visited.month = called.month
    where last_day(visited.month) <= getvariable('as_of')
)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'survey' and dataset = 'callbacks' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(called_at, extract_at) as date) + 2 as due_on
    from lake.survey__callbacks
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
        select 1 from lake.survey__callbacks
        group by store_code, callback_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'survey' and dataset = 'callbacks' and status = 'loaded'
    )
)

select
    *
from rows
cross join silent
cross join late
cross join repeated
cross join newest
