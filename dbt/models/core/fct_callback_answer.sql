-- Grain: one row per known answer to a scored question of a completed callback.
{{ config(unique_key=['store_code', 'callback_no']) }}
select
    store_code,
    callback_no,
    question_code,
    month,
    advisor_no,
    cast(score as double) as score,
    is_low,
    source_file,
    source_line
from {{ ref('int_callback_answer') }}
