-- Why: managers are judged by their store's rank; it must be 1 plus the number of better stores in the region.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_monthly'}}}) }}

with placed as (
    select
        scorecard.store_code,
        stores.region_code,
        scorecard.month,
        scorecard.kpi_code,
        scorecard.direction,
        round(scorecard.value, 9) as value,
        scorecard.rank_in_region
    from {{ ref('scorecard_monthly') }} as scorecard
    inner join {{ ref('dim_store') }} as stores
        on scorecard.store_code = stores.store_code
)

select
    placed.store_code,
    placed.month,
    placed.kpi_code,
    placed.rank_in_region,
    count(better.store_code) as better_stores
from placed
left join placed as better
    on
        placed.region_code = better.region_code
        and placed.month = better.month
        and placed.kpi_code = better.kpi_code
        and case placed.direction when 'up' then placed.value < better.value else placed.value > better.value end
group by placed.store_code, placed.month, placed.kpi_code, placed.value, placed.rank_in_region
having placed.rank_in_region is distinct from case when placed.value is not null then count(better.store_code) + 1 end
