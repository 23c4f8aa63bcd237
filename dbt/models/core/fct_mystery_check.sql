-- Grain: one row per check of a mystery visit.
select
    checks.visit_no,
    checks.section_code,
    checks.item_no,
    checks.store_code,
    {{ month_of('checks.visited_on') }} as month,
    cast(checks.points as double) as points,
    cast(checks.max_points as double) as max_points,
    cast(sections.weight as double) as section_weight,
    checks.source_file,
    checks.source_line
from {{ ref('stg_survey__mystery_visits') }} as checks
left join {{ ref('mystery_sections') }} as sections
    on checks.section_code = sections.section_code
