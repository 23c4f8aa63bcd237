-- Grain: one row per known answer to a scored question of a completed callback.
-- Answers to calls that were not completed, or that are not in the callbacks, do not count.
{{ config(unique_key=['store_code', 'callback_no']) }}
with completed_callbacks as {{ computed_once() }} (
    select
        store_code,
        callback_no,
        called_at,
        advisor_no
    from {{ ref('stg_survey__callbacks') }}
    where outcome = 'completed' and {{ is_affected() }}
)

select
    answers.store_code,
    answers.callback_no,
    answers.question_code,
    {{ month_of('callbacks.called_at') }} as month,
    callbacks.advisor_no,
    answers.score,
    answers.question_code in ('Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6', 'Q7') as is_rated,
    answers.score <= 3 as is_low,
    -- a rating of 5 is 100
    answers.score * 20 as score_100,
    answers.source_file,
    answers.source_line
from {{ ref('stg_survey__callback_answers') }} as answers
inner join completed_callbacks as callbacks
    on
        answers.store_code = callbacks.store_code
        and answers.callback_no = callbacks.callback_no
where
    answers.score is not null
    and {{ is_affected(['answers.store_code', 'answers.callback_no']) }}
