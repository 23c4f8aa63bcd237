-- Grain: one row per store, month and section with a check of a mystery visit that could earn points.
-- A check without known points counts in neither sum.
with sums as (
    select
        store_code,
        {{ month_of('visited_on') }} as month,
        section_code,
        sum(points) as points,
        sum(max_points) as max_points
    from {{ ref('stg_survey__mystery_visits') }}
    where points is not null
    group by 1, 2, 3
    having sum(max_points) > 0
)

select
    store_code,
    month,
    section_code,
    {{ ratio('points', 'max_points') }} * 100 as score
from sums
