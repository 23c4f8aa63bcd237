-- Grain: one row per figure of the scorecard.
select
    kpi_code,
    kpi_order,
    subject,
    kpi_name,
    kpi_name_zh,
    direction,
    form,
    region_method
from {{ ref('kpis') }}
