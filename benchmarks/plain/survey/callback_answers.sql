-- What the checks of survey/callback_answers count, in plain SQL: one row, one column a check.
with rows as (
    select
        count(*) filter (batch.score is null) as score_filled,
        count(*) filter (batch.answer_text is null) as answer_text_filled,
        count(*) filter (
            batch.callback_no is not null
            and (batch.store_code, batch.callback_no) not in (
                select (known.store_code, known.callback_no) from staging.stg_survey__callbacks as known
            )
        ) as callback_no_known
    from staging.stg_survey__callback_answers as batch
)

, implausible as (
    select count(*) as score_inside_scale
    from lake.survey__callback_answers
    semi join staging.stg_survey__callback_answers using (source_file, source_line)
    where
        case question_code
            when 'Q9' then score is not null
            when 'Q8' then score not between 0 and 10
            else score not between 1 and 5
        end
)

, repeated as (
    select count(*) as key_unique
    from (
        select 1 from lake.survey__callback_answers
        group by store_code, callback_no, question_code, source_path
        having count(*) > 1
    )
)

, newest as (
    select count(*) filter (stale) as newest_extract_in_time
    from (
        select coalesce(getvariable('as_of') - cast(max(extract_at) as date) > 2, true) as stale
        from lake.loads
        where system = 'survey' and dataset = 'callback_answers' and status = 'loaded'
    )
)

select
    * replace (
        -- Implausible values are no blanks, though staging reads them as unknown.
        score_filled - score_inside_scale as score_filled
    )
from rows
cross join implausible
cross join repeated
cross join newest
