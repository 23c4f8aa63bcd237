-- Grain: one row per store (ALL for all stores pooled) and MOT item, over the months ending with the as-of month.
with scopes as (
    select of_all.is_all
    from (values (false), (true)) as of_all (is_all)
),

sums as (
    select
        case when scopes.is_all then 'ALL' else months.store_code end as store_code,
        months.item_code,
        cast(sum(months.sample_size) as bigint) as sample_size,
        cast(sum(months.sum_score) as double) / nullif(cast(sum(months.sample_size) as double), 0) as mean_score,
        cast(sum(months.sample_size) as decimal(38, 0)) as n,
        cast(sum(months.sum_item) as decimal(38, 0)) as sum_item,
        cast(sum(months.sum_overall) as decimal(38, 0)) as sum_overall,
        cast(sum(months.sum_item_item) as decimal(38, 0)) as sum_item_item,
        cast(sum(months.sum_overall_overall) as decimal(38, 0)) as sum_overall_overall,
        cast(sum(months.sum_item_overall) as decimal(38, 0)) as sum_item_overall
    from {{ ref('int_css_driver_month') }} as months
    cross join scopes
    where
        months.month > {{ add_months(month_of(as_of()), -var('css_driver_months')) }}
        and months.month <= {{ as_of() }}
        -- A store whose code is ALL counts in the pooled row only.
        and (scopes.is_all or months.store_code <> 'ALL')
    group by 1, 2
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
            -- Rounding must not lift a perfect correlation above 1.
            then greatest(-1, least(1, common_spread / sqrt(item_spread * overall_spread)))
    end as correlation
from spreads
