-- Grain: one row per call made on the extract's days, one to three days after delivery.
create or replace temp table calls as
with called as (
    select
        *,
        cast(delivered_at as date) + to_days(cast(1 + draw(visit, 'called', 3) as integer))
        + to_minutes(540 + draw(visit, 'minute called', 600)) as called_at
    from visits
    where share(visit, 'callback') < 0.57
)

select
    *,
    format('B{:09d}', visit) as callback_no,
    if(
        share(visit, 'reached') < 0.75, 'completed',
        pick(
            visit, 'outcome',
            ['refused', 'powered_off', 'rejected', 'suspended', 'unreachable', 'no_answer', 'wrong_number']
        )
    ) as outcome
from called
where called_at >= getvariable('from_day') and called_at < getvariable('to_day');
