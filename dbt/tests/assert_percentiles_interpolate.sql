-- Why: medians and p90 interpolate linearly and skip unknown values; another definition would change every handling
-- time.
with durations as (
    select known.minutes
    from (values (10), (20), (30), (45), (null)) as known (minutes)
),

measured as (
    select
        {{ percentile('minutes', 0.5) }} as median_minutes,
        {{ percentile('minutes', 0.9) }} as p90_minutes,
        {{ percentile('case when minutes > 100 then minutes end', 0.5) }} as median_of_none,
        {{ mean('minutes') }} as mean_minutes,
        {{ ratio('1', '0') }} as share_of_nothing
    from durations
)

select
    median_minutes,
    p90_minutes
from measured
where
    median_minutes is distinct from 25
    or round(p90_minutes, 9) is distinct from 40.5
    or median_of_none is not null
    or mean_minutes is distinct from 26.25
    or share_of_nothing is not null
