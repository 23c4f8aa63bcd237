-- Why: low answers to Q1 are the disappointed customers; two marts may not disagree on one metric.
{{ config(meta={'dagster': {'ref': {'name': 'callback_question_monthly'}}}) }}

with questions as (
    select
        store_code,
        month,
        low_answers
    from {{ ref('callback_question_monthly') }}
    where question_code = 'Q1'
)

select
    stores.store_code,
    stores.month,
    stores.disappointed,
    questions.low_answers
from {{ ref('callback_store_monthly') }} as stores
left join questions
    on
        stores.store_code = questions.store_code
        and stores.month = questions.month
where stores.disappointed <> coalesce(questions.low_answers, 0)
