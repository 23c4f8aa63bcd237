-- Grain: one row per store, month and MOT item with a known score.
{{ config(unique_key=['store_code', 'month'], pre_hook=in_following_months('int_css_item_score')) }}
with items as (
    select
        scores.store_code,
        scores.month,
        scores.item_code,
        scores.sample_size,
        scores.score,
        cast(mot_items.weight as double) as weight
    from {{ ref('int_css_item_score') }} as scores
    inner join {{ ref('mot_items') }} as mot_items
        on scores.item_code = mot_items.item_code
    where scores.grouping_name = 'store'
),

compared as (
    select
        items.store_code,
        items.month,
        items.item_code,
        items.sample_size,
        items.score,
        items.weight,
        previous_items.score as previous_score,
        benchmarks.region_score,
        benchmarks.national_score,
        -- Rounded to 9 decimals: binary fractions would rank equal gaps apart.
        round(items.score - coalesce(benchmarks.region_score, store_scores.mot_score), 9) as gap
    from items
    inner join {{ ref('int_css_score') }} as store_scores
        on
            items.store_code = store_scores.store_code
            and items.month = store_scores.month
            and store_scores.grouping_name = 'store'
    left join items as previous_items
        on
            items.store_code = previous_items.store_code
            and items.item_code = previous_items.item_code
            and cast({{ add_months('items.month', -1) }} as date) = previous_items.month
    left join {{ ref('int_css_benchmark') }} as benchmarks
        on
            items.store_code = benchmarks.store_code
            and items.month = benchmarks.month
            and items.item_code = benchmarks.item_code
    where {{ is_affected(['items.store_code', 'items.month']) }}
)

select
    store_code,
    month,
    item_code,
    sample_size,
    score,
    weight,
    weight * score as contribution,
    previous_score,
    region_score,
    national_score,
    cast(rank() over (partition by store_code, month order by gap nulls last) as bigint) as low_rank
from compared
