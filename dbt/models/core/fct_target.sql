-- Grain: one row per store, month and KPI with a target.
select
    store_code,
    period as month,
    kpi_code,
    cast(target_value as double) as target_value,
    source_file,
    source_line
from {{ ref('stg_planning__targets') }}
