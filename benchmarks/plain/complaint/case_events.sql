-- What the checks of complaint/case_events count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.event_at is null) as event_at_filled,
        count(*) filter (batch.event_type is null) as event_type_filled,
        count(*) filter (batch.actor_no is null) as actor_no_filled,
        count(*) filter (batch.satisfaction_score is null) as satisfaction_score_filled,
        count(*) filter (batch.compensation_amount is null) as compensation_amount_filled,
        count(*) filter (cases.case_no is null) as case_no_known,
        count(*) filter (batch.event_type = 'first_response' and batch.event_at < cases.received_at) as first_response_after_receipt,
        count(*) filter (batch.event_type = 'resolved' and batch.event_at < cases.received_at) as resolved_after_receipt,
        count(*) filter (
            batch.actor_no is not null
            and (batch.store_code, batch.actor_no) not in (
                select (known.store_code, known.employee_no) from staging.stg_dms__employees as known
            )
        ) as actor_no_known,
        count(*) filter (
            is_after_extract(batch.event_at, batch.extract_at, batch.source_file)
        ) as nothing_after_extract
    from staging.stg_complaint__case_events as batch
    left join staging.stg_complaint__cases as cases
        on batch.store_code = cases.store_code and batch.case_no = cases.case_no
)

, implausible as (
    select
        count(*) filter (satisfaction_score not between 1 and 5) as satisfaction_inside_scale,
        count(*) filter (compensation_amount < 0) as compensation_amount_not_negative
    from lake.complaint__case_events
    semi join staging.stg_complaint__case_events using (source_file, source_line)
    where satisfaction_score not between 1 and 5 or compensation_amount < 0
)

, responded as (
    select store_code, case_no, min(event_at) as event_at
    from staging.stg_complaint__case_events
    where event_type = 'first_response'
    group by store_code, case_no
)

, unordered as (
    select count(*) as resolved_after_first_response
    from staging.stg_complaint__case_events as batch
    inner join responded on batch.store_code = responded.store_code and batch.case_no = responded.case_no
    where batch.event_type = 'resolved' and batch.event_at < responded.event_at
)

, sent as (
    select distinct extract_at, cast(extract_at as date) as sent_on
    from lake.loads
    where system = 'complaint' and dataset = 'case_events' and status = 'loaded'
)

, first_seen as (
    select min(extract_at) as extract_at, cast(min_by(event_at, extract_at) as date) + 2 as due_on
    from lake.complaint__case_events
    group by store_code, case_no, event_no
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
        select 1 from lake.complaint__case_events
        group by store_code, case_no, event_no, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'complaint' and dataset = 'case_events' and status = 'loaded'
    )
)

select
    * replace (
        -- Implausible values are no blanks, though staging reads them as unknown.
        satisfaction_score_filled - satisfaction_inside_scale as satisfaction_score_filled,
        compensation_amount_filled - compensation_amount_not_negative as compensation_amount_filled
    )
from rows
cross join unordered
cross join implausible
cross join late
cross join repeated
cross join newest
