-- Grain: one row per store, month and section with a known check, and `total`, the weighted mean of the sections.
with scores as (
    select
        store_code,
        month,
        section_code,
        score
    from {{ ref('int_mystery_section') }}
    union all
    select
        section_scores.store_code,
        section_scores.month,
        'total' as section_code,
        -- The weights are re-scaled over the sections with a score.
        cast(sum(sections.weight * cast(section_scores.score as decimal(18, 12))) as double)
        / nullif(cast(sum(case when section_scores.score is not null then sections.weight end) as double), 0) as score
    from {{ ref('int_mystery_section') }} as section_scores
    inner join {{ ref('mystery_sections') }} as sections
        on section_scores.section_code = sections.section_code
    group by section_scores.store_code, section_scores.month
)

select
    scores.store_code,
    scores.month,
    scores.section_code,
    scores.score,
    previous_scores.score as previous_score
from scores
left join scores as previous_scores
    on
        scores.store_code = previous_scores.store_code
        and scores.section_code = previous_scores.section_code
        and cast({{ add_months('scores.month', -1) }} as date) = previous_scores.month
