-- Why: a region's value is computed from its stores, so it is one value, between their lowest and highest.
-- The complaint rate is exempt: complaints of a store without repair orders count in the region only.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_monthly'}}}) }}

select
    stores.region_code,
    scorecard.month,
    scorecard.kpi_code,
    min(scorecard.value) as lowest,
    max(scorecard.value) as highest,
    min(scorecard.region_value) as region_value,
    max(scorecard.region_value) as other_region_value
from {{ ref('scorecard_monthly') }} as scorecard
inner join {{ ref('dim_store') }} as stores
    on scorecard.store_code = stores.store_code
where scorecard.kpi_code <> 'complaint_rate'
group by stores.region_code, scorecard.month, scorecard.kpi_code
having
    min(scorecard.region_value) is distinct from max(scorecard.region_value)
    or (min(scorecard.region_value) is null) <> (min(scorecard.value) is null)
    or min(scorecard.region_value) < min(scorecard.value) - 0.000000001
    or max(scorecard.region_value) > max(scorecard.value) + 0.000000001
