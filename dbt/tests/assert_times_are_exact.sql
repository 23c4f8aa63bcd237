-- Why: durations decide who was on time; crossing an hour is not an elapsed hour, and weeks of a month start on day 1.
with moments as (
    select
        timestamp '2026-04-07 23:59:59.250' as earlier_at,
        timestamp '2026-04-08 00:00:01' as later_at
),

measured as (
    select
        {{ elapsed_seconds('earlier_at', 'later_at') }} as seconds_forward,
        {{ elapsed_seconds('later_at', 'earlier_at') }} as seconds_backward,
        {{ week_of_month('earlier_at') }} as week_of_day_7,
        {{ week_of_month('later_at') }} as week_of_day_8,
        {{ week_of_month("date '2026-01-21'") }} as week_of_day_21,
        {{ week_of_month("date '2026-01-22'") }} as week_of_day_22,
        {{ week_of_month("date '2026-01-31'") }} as week_of_day_31,
        {{ month_of('later_at') }} as month_of_moment,
        {{ month_end("date '2024-02-01'") }} as end_of_leap_february,
        {{ add_days('earlier_at', 30) }} as thirty_days_later
    from moments
)

select
    seconds_forward,
    seconds_backward
from measured
where
    seconds_forward is distinct from 1.75
    or seconds_backward is distinct from -1.75
    or week_of_day_7 is distinct from 1
    or week_of_day_8 is distinct from 2
    or week_of_day_21 is distinct from 3
    or week_of_day_22 is distinct from 4
    or week_of_day_31 is distinct from 4
    or month_of_moment is distinct from date '2026-04-01'
    or end_of_leap_february is distinct from date '2024-02-29'
    or thirty_days_later is distinct from timestamp '2026-05-07 23:59:59.250'
