-- Grain: one row per store, advisor, month and question Q1 to Q7 with a known answer.
{{ config(unique_key=['store_code', 'month'], pre_hook=in_following_months('int_callback_answer')) }}
with questions as (
    select
        store_code,
        advisor_no,
        month,
        question_code,
        count(*) as answers,
        {{ mean('score_100') }} as score,
        count(*) filter (where is_low) as low_answers
    from {{ ref('int_callback_answer') }}
    where is_rated and advisor_no is not null and {{ is_affected_or_before() }}
    group by store_code, advisor_no, month, question_code
)

select
    questions.store_code,
    questions.advisor_no,
    questions.month,
    questions.question_code,
    questions.answers,
    questions.score,
    previous_questions.score as previous_score,
    questions.low_answers,
    {{ ratio('questions.low_answers', 'questions.answers') }} as low_rate,
    {{ wilson_low('questions.low_answers', 'questions.answers') }} as low_rate_low,
    {{ wilson_high('questions.low_answers', 'questions.answers') }} as low_rate_high
from questions
left join questions as previous_questions
    on
        questions.store_code = previous_questions.store_code
        and questions.advisor_no = previous_questions.advisor_no
        and questions.question_code = previous_questions.question_code
        and cast({{ add_months('questions.month', -1) }} as date) = previous_questions.month
where {{ is_affected(['questions.store_code', 'questions.month']) }}
