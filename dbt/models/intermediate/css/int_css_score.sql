-- Grain: one row per store, month and group with a known score: the MOT and the CSS score.
{{ config(unique_key=['store_code', 'month']) }}
with samples as (
    select
        store_code,
        month,
        grouping_name,
        group_value,
        count(distinct response_no) as sample_size
    from {{ ref('int_css_group_answer') }}
    where {{ is_affected() }}
    group by store_code, month, grouping_name, group_value
),

scores as (
    select
        items.store_code,
        items.month,
        items.grouping_name,
        items.group_value,
        -- The weights are re-scaled over the items present. Sums of exact decimals do not depend on the order of rows.
        cast(sum(mot_items.weight * cast(items.score as decimal(18, 12))) as double)
        / nullif(cast(sum(mot_items.weight) as double), 0) as mot_score,
        max(case when items.item_code = 'overall' then items.score end) as css_score
    from {{ ref('int_css_item_score') }} as items
    left join {{ ref('mot_items') }} as mot_items
        on items.item_code = mot_items.item_code
    where {{ is_affected(['items.store_code', 'items.month']) }}
    group by items.store_code, items.month, items.grouping_name, items.group_value
)

select
    samples.store_code,
    samples.month,
    samples.grouping_name,
    samples.group_value,
    samples.sample_size,
    scores.mot_score,
    scores.css_score
from samples
left join scores
    on
        samples.store_code = scores.store_code
        and samples.month = scores.month
        and samples.grouping_name = scores.grouping_name
        and samples.group_value = scores.group_value
