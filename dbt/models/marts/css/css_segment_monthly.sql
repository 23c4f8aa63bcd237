-- Grain: one row per store, month, segment and segment value with a known survey score.
{{ config(unique_key=['store_code', 'month']) }}
select
    store_code,
    month,
    grouping_name as segment,
    group_value as segment_value,
    sample_size,
    mot_score,
    css_score
from {{ ref('int_css_score') }}
where grouping_name not in ('store', 'advisor') and {{ is_affected() }}
