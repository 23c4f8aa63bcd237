-- Why: a status that contradicts the value and target beside it would praise or blame a store wrongly.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_monthly'}}}) }}

with judged as (
    select
        store_code,
        month,
        kpi_code,
        value,
        target_value,
        status,
        round(case direction when 'up' then value - target_value else target_value - value end, 8) as lead_on_target
    from {{ ref('scorecard_monthly') }}
)

select
    store_code,
    month,
    kpi_code,
    value,
    target_value,
    status
from judged
where
    value is null and target_value is null
    or (status is not distinct from 'no_target') <> (target_value is null)
    or (status is null) <> (value is null and target_value is not null)
    or status = 'met' and lead_on_target < -0.00000002
    or status = 'missed' and lead_on_target > 0
