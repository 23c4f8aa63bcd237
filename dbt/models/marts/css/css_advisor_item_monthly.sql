-- Grain: one row per store, advisor, month and MOT item with a known score.
{{ config(unique_key=['store_code', 'month']) }}
select
    scores.store_code,
    scores.group_value as advisor_no,
    scores.month,
    scores.item_code,
    scores.score,
    scores.sample_size as css_samples
from {{ ref('int_css_item_score') }} as scores
inner join {{ ref('mot_items') }} as mot_items
    on scores.item_code = mot_items.item_code
where scores.grouping_name = 'advisor' and {{ is_affected(['scores.store_code', 'scores.month']) }}
