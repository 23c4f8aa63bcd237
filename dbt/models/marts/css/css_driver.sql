-- Grain: one row per store (ALL for all stores pooled) and MOT item, over the 12 months to the as-of month.
with drivers as (
    select
        store_code,
        item_code,
        sample_size,
        correlation,
        mean_score,
        -- Compared as sums of exact decimals, rounded: equal values must not fall below their own mean.
        cast(correlation as decimal(18, 12)) as exact_correlation,
        cast(mean_score as decimal(18, 12)) as exact_score
    from {{ ref('int_css_driver') }}
),

compared as (
    select
        store_code,
        item_code,
        sample_size,
        correlation,
        mean_score,
        round(
            exact_correlation * count(exact_correlation) over (partition by store_code)
            - sum(exact_correlation) over (partition by store_code),
            9
        ) >= 0 as is_important,
        round(
            exact_score * count(exact_score) over (partition by store_code)
            - sum(exact_score) over (partition by store_code),
            9
        ) >= 0 as is_high
    from drivers
)

select
    store_code,
    item_code,
    sample_size,
    correlation,
    mean_score,
    case
        when is_important and not is_high then 'fix_first'
        when is_important and is_high then 'keep_up'
        when not is_important and not is_high then 'watch'
        when not is_important and is_high then 'maintain'
    end as priority_quadrant
from compared
