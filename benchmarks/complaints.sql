-- Grain: one row per case received on the extract's days, within a day of delivery.
create or replace temp table complaints as
with received as (
    select *, delivered_at + to_minutes(draw(visit, 'received', 1440)) as received_at
    from visits
    where share(visit, 'complains') < 0.19
)

select *, format('W{:09d}', visit) as case_no, format('C{:02d}', 1 + draw(visit, 'handler number', 3)) as handler_no
from received
where received_at >= getvariable('from_day') and received_at < getvariable('to_day');
