-- Why: the total is a weighted mean of the sections, so it is neither above the best nor below the worst section.
with ranges as (
    select
        store_code,
        month,
        min(case when section_code <> 'total' then score end) as lowest,
        max(case when section_code <> 'total' then score end) as highest,
        max(case when section_code = 'total' then score end) as total
    from {{ ref('mystery_store_monthly') }}
    group by store_code, month
)

select
    store_code,
    month,
    lowest,
    highest,
    total
from ranges
where
    total < lowest - 0.000000001
    or total > highest + 0.000000001
    or (total is null and lowest is not null)
