-- Callbacks. The answers of a call are one row, and counted once by advisor; stores and questions are sums of these
-- counts. Answers out of scale, and those of calls that were not completed, count for nothing.
create table published.marts.fct_callback as
with answers as (
    select
        store_code, callback_no,
        max(score) filter (question_code = 'Q1') as q1_score, max(score) filter (question_code = 'Q2') as q2_score,
        max(score) filter (question_code = 'Q3') as q3_score, max(score) filter (question_code = 'Q4') as q4_score,
        max(score) filter (question_code = 'Q5') as q5_score, max(score) filter (question_code = 'Q6') as q6_score,
        max(score) filter (question_code = 'Q7') as q7_score, max(score) filter (question_code = 'Q8') as q8_score
    from callback_answers
    where score >= if(question_code = 'Q8', 0, 1) and score <= if(question_code = 'Q8', 10, 5)
    group by store_code, callback_no
)

select
    calls.store_code, calls.callback_no, month_of(calls.called_at) as month, calls.repair_order_no, calls.advisor_no,
    calls.interviewer_no,
    coalesce(customer_keys.customer_key, keyed_hash(calls.store_code || '|' || calls.customer_no)) as customer_key,
    calls.called_at, calls.outcome,
    calls.outcome = 'completed' as is_completed,
    calls.outcome in ('powered_off', 'suspended', 'unreachable', 'no_answer', 'wrong_number') as is_unreachable,
    calls.outcome in ('refused', 'rejected') as is_declined,
    coalesce(answers.q1_score = 5, false) as is_delighted,
    coalesce(answers.q1_score <= 3, false) as is_disappointed,
    coalesce(answers.q8_score >= 9, false) as is_promoter,
    coalesce(answers.q8_score <= 6, false) as is_detractor,
    columns(answers.* exclude (store_code, callback_no))::double,
    files.source_file, calls.rowid - files.before as source_line
from callbacks as calls
inner join files on calls.file = files.file
left join answers
    on
        calls.store_code = answers.store_code and calls.callback_no = answers.callback_no
        and calls.outcome = 'completed'
left join customer_keys
    on calls.store_code = customer_keys.store_code and calls.customer_no = customer_keys.customer_no;

create table marts.callback_store_monthly as
with counts as (
    select
        store_code, month,
        count(*) as callbacks,
        count_if(is_completed) as completed,
        count_if(is_unreachable) as unreachable,
        count_if(is_declined) as declined,
        count_if(is_delighted) as delighted,
        count_if(is_disappointed) as disappointed,
        count(q8_score) as nps_answers,
        count_if(is_promoter) - count_if(is_detractor) as balance
    from published.marts.fct_callback
    group by all
)

select
    * exclude (balance),
    ratio(completed, callbacks) as completed_rate,
    wilson_low(completed, callbacks) as completed_rate_low,
    wilson_high(completed, callbacks) as completed_rate_high,
    ratio(delighted, callbacks) as delighted_rate,
    wilson_low(delighted, callbacks) as delighted_rate_low,
    wilson_high(delighted, callbacks) as delighted_rate_high,
    ratio(disappointed, callbacks) as disappointed_rate,
    wilson_low(disappointed, callbacks) as disappointed_rate_low,
    wilson_high(disappointed, callbacks) as disappointed_rate_high,
    ratio(100 * balance, nps_answers) as nps
from counts;

create temp table answer_counts as
with calls as (
    select
        store_code, month, advisor_no,
        count(columns('q[1-7]_score')) as 'answers_\0',
        sum(columns('q[1-7]_score')) as 'total_\0',
        count_if(columns('q[1-7]_score') <= 3) as 'low_\0'
    from published.marts.fct_callback
    where is_completed
    group by all
)

, questions as (
    select
        store_code, month, advisor_no,
        unnest([
            {question_code: 'Q1', answers: answers_q1_score, total: total_q1_score, low_answers: low_q1_score},
            {question_code: 'Q2', answers: answers_q2_score, total: total_q2_score, low_answers: low_q2_score},
            {question_code: 'Q3', answers: answers_q3_score, total: total_q3_score, low_answers: low_q3_score},
            {question_code: 'Q4', answers: answers_q4_score, total: total_q4_score, low_answers: low_q4_score},
            {question_code: 'Q5', answers: answers_q5_score, total: total_q5_score, low_answers: low_q5_score},
            {question_code: 'Q6', answers: answers_q6_score, total: total_q6_score, low_answers: low_q6_score},
            {question_code: 'Q7', answers: answers_q7_score, total: total_q7_score, low_answers: low_q7_score}
        ], recursive := true)
    from calls
)

select * from questions where answers > 0;

create table marts.callback_question_monthly as
with counts as (
    select
        store_code, month, question_code, sum(answers)::bigint as answers,
        20 * sum(total) / sum(answers) as score, sum(low_answers)::bigint as low_answers
    from answer_counts
    group by all
)

select
    counts.*, before.score as previous_score,
    ratio(counts.low_answers, counts.answers) as low_rate,
    wilson_low(counts.low_answers, counts.answers) as low_rate_low,
    wilson_high(counts.low_answers, counts.answers) as low_rate_high
from counts
left join counts as before
    on
        counts.store_code = before.store_code and counts.question_code = before.question_code
        and counts.month = before.month + interval 1 month;

create table marts.callback_advisor_monthly as
with counts as (
    select
        store_code, advisor_no, month, question_code, answers, 20 * total / answers as score, low_answers
    from answer_counts
    where advisor_no is not null
)

select
    counts.*, before.score as previous_score,
    ratio(counts.low_answers, counts.answers) as low_rate,
    wilson_low(counts.low_answers, counts.answers) as low_rate_low,
    wilson_high(counts.low_answers, counts.answers) as low_rate_high
from counts
left join counts as before
    on
        counts.store_code = before.store_code and counts.advisor_no = before.advisor_no
        and counts.question_code = before.question_code and counts.month = before.month + interval 1 month;
