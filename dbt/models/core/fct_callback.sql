-- Grain: one row per callback, with its answers where it was completed.
{{ config(unique_key=['store_code', 'callback_no']) }}
with scores as (
    select
        store_code,
        callback_no,
        max(case when question_code = 'Q1' then score end) as q1_score,
        max(case when question_code = 'Q2' then score end) as q2_score,
        max(case when question_code = 'Q3' then score end) as q3_score,
        max(case when question_code = 'Q4' then score end) as q4_score,
        max(case when question_code = 'Q5' then score end) as q5_score,
        max(case when question_code = 'Q6' then score end) as q6_score,
        max(case when question_code = 'Q7' then score end) as q7_score,
        max(case when question_code = 'Q8' then score end) as q8_score,
        bool_or(case when question_code = 'Q1' then is_low end) as is_q1_low
    from {{ ref('int_callback_answer') }}
    where {{ is_affected() }}
    group by store_code, callback_no
)

select
    callbacks.store_code,
    callbacks.callback_no,
    {{ month_of('callbacks.called_at') }} as month,
    callbacks.repair_order_no,
    callbacks.advisor_no,
    callbacks.interviewer_no,
    {{ customer_key('callbacks') }} as customer_key,
    callbacks.called_at,
    callbacks.outcome,
    callbacks.outcome = 'completed' as is_completed,
    callbacks.outcome in ('powered_off', 'suspended', 'unreachable', 'no_answer', 'wrong_number') as is_unreachable,
    callbacks.outcome in ('refused', 'rejected') as is_declined,
    coalesce(scores.q1_score = 5, false) as is_delighted,
    coalesce(scores.is_q1_low, false) as is_disappointed,
    coalesce(scores.q8_score >= 9, false) as is_promoter,
    coalesce(scores.q8_score <= 6, false) as is_detractor,
    cast(scores.q1_score as double) as q1_score,
    cast(scores.q2_score as double) as q2_score,
    cast(scores.q3_score as double) as q3_score,
    cast(scores.q4_score as double) as q4_score,
    cast(scores.q5_score as double) as q5_score,
    cast(scores.q6_score as double) as q6_score,
    cast(scores.q7_score as double) as q7_score,
    cast(scores.q8_score as double) as q8_score,
    callbacks.source_file,
    callbacks.source_line
from {{ ref('stg_survey__callbacks') }} as callbacks
left join scores
    on
        callbacks.store_code = scores.store_code
        and callbacks.callback_no = scores.callback_no
{{ join_customer_key('callbacks') }}
where {{ is_affected(['callbacks.store_code', 'callbacks.callback_no']) }}
