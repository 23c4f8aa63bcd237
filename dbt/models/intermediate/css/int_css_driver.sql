-- Grain: one row per store (ALL for all stores pooled) and MOT item, over the months ending with the as-of month.
-- Sums are taken over exact whole numbers (scores ÷ 10^-8), so that no order of rows changes a bit of the correlation.
with answers as (
    select
        store_code,
        month,
        response_no,
        item_code,
        score
    from {{ ref('int_css_answer') }}
    where
        score is not null
        and month > {{ add_months(month_of(as_of()), -var('css_driver_months')) }}
        and month <= {{ as_of() }}
),

pairs as (
    select
        items.store_code,
        items.item_code,
        items.score,
        cast(round(cast(items.score as double) * 100000000) as decimal(38, 0)) as item_score,
        cast(round(cast(overall.score as double) * 100000000) as decimal(38, 0)) as overall_score
    from answers as items
    inner join {{ ref('mot_items') }} as mot_items
        on items.item_code = mot_items.item_code
    inner join answers as overall
        on
            items.store_code = overall.store_code
            and items.month = overall.month
            and items.response_no = overall.response_no
            and overall.item_code = 'overall'
),

pooled as (
    select
        store_code,
        item_code,
        score,
        item_score,
        overall_score
    from pairs
    union all
    select
        'ALL' as store_code,
        item_code,
        score,
        item_score,
        overall_score
    from pairs
),

sums as (
    select
        store_code,
        item_code,
        count(*) as sample_size,
        {{ mean('score') }} as mean_score,
        cast(count(*) as decimal(38, 0)) as n,
        cast(sum(item_score) as decimal(38, 0)) as sum_item,
        cast(sum(overall_score) as decimal(38, 0)) as sum_overall,
        cast(sum(item_score * item_score) as decimal(38, 0)) as sum_item_item,
        cast(sum(overall_score * overall_score) as decimal(38, 0)) as sum_overall_overall,
        cast(sum(item_score * overall_score) as decimal(38, 0)) as sum_item_overall
    from pooled
    group by store_code, item_code
),

spreads as (
    select
        store_code,
        item_code,
        sample_size,
        mean_score,
        cast(n * sum_item_item - sum_item * sum_item as double) as item_spread,
        cast(n * sum_overall_overall - sum_overall * sum_overall as double) as overall_spread,
        cast(n * sum_item_overall - sum_item * sum_overall as double) as common_spread
    from sums
)

select
    store_code,
    item_code,
    sample_size,
    mean_score,
    case
        when item_spread > 0 and overall_spread > 0
            -- Rounding may not carry a perfect correlation past 1.
            then greatest(-1, least(1, common_spread / sqrt(item_spread * overall_spread)))
    end as correlation
from spreads
