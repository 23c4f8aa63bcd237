-- Grain: one row per store, month, group and item with a known score.
{{ config(unique_key=['store_code', 'month']) }}
select
    store_code,
    month,
    grouping_name,
    group_value,
    item_code,
    count(*) as sample_size,
    {{ mean('score') }} as score
from {{ ref('int_css_group_answer') }}
where {{ is_affected() }}
group by store_code, month, grouping_name, group_value, item_code
