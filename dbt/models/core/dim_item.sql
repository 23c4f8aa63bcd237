-- Grain: one row per survey item or callback question.
select
    item_code,
    'mot' as item_type,
    item_order,
    item_name,
    item_name_zh,
    cast(weight as double) as weight
from {{ ref('mot_items') }}

union all

select
    'overall' as item_code,
    'overall' as item_type,
    cast(11 as bigint) as item_order,
    'overall satisfaction' as item_name,
    '总体满意度' as item_name_zh,
    cast(null as double) as weight

union all

select
    question_code as item_code,
    'callback_question' as item_type,
    question_order as item_order,
    question_name as item_name,
    question_name_zh as item_name_zh,
    cast(null as double) as weight
from {{ ref('callback_questions') }}
