-- Grain: one row per store, month and MOT item answered together with `overall`: the sums that correlations are made
-- of. They are sums of whole numbers (scores ÷ 10^-8), so that the order of rows cannot change the correlation.
{{ config(unique_key=['store_code', 'month']) }}
with answers as (
    select
        store_code,
        month,
        response_no,
        item_code,
        score
    from {{ ref('int_css_answer') }}
    where score is not null and {{ is_affected() }}
),

pairs as (
    select
        items.store_code,
        items.month,
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
)

select
    store_code,
    month,
    item_code,
    count(*) as sample_size,
    cast(sum(score) as decimal(38, 8)) as sum_score,
    cast(sum(item_score) as decimal(38, 0)) as sum_item,
    cast(sum(overall_score) as decimal(38, 0)) as sum_overall,
    cast(sum(item_score * item_score) as decimal(38, 0)) as sum_item_item,
    cast(sum(overall_score * overall_score) as decimal(38, 0)) as sum_overall_overall,
    cast(sum(item_score * overall_score) as decimal(38, 0)) as sum_item_overall
from pairs
group by store_code, month, item_code
