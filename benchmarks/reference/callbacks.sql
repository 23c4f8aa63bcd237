-- Callbacks. Answers are counted once, by advisor and question; stores and questions are sums of these counts.
create temp table answer_counts as
select
    calls.store_code, calls.month, calls.advisor_no, answers.question_code,
    count(*) as answers,
    sum(answers.score) as total,
    count_if(answers.score <= 3) as low_answers,
    count_if(answers.score = 5) as fives,
    count_if(answers.score >= 9) as promoters,
    count_if(answers.score <= 6) as detractors
from callback_answers as answers
inner join callbacks as calls
    on answers.store_code = calls.store_code and answers.callback_no = calls.callback_no
where
    calls.outcome = 'completed'
    and if(answers.question_code = 'Q8', answers.score between 0 and 10, answers.score between 1 and 5)
    and answers.question_code <> 'Q9'
group by all;

create table marts.callback_store_monthly as
with calls as (
    select
        store_code, month,
        count(*) as callbacks,
        count_if(outcome = 'completed') as completed,
        count_if(outcome in ('powered_off', 'suspended', 'unreachable', 'no_answer', 'wrong_number')) as unreachable,
        count_if(outcome in ('refused', 'rejected')) as declined
    from callbacks
    group by all
)

, answered as (
    select
        store_code, month,
        sum(fives) filter (question_code = 'Q1') as delighted,
        sum(low_answers) filter (question_code = 'Q1') as disappointed,
        sum(promoters - detractors) filter (question_code = 'Q8') as balance,
        sum(answers) filter (question_code = 'Q8') as nps_answers
    from answer_counts
    group by all
)

, counts as (
    select
        calls.*, coalesce(delighted, 0)::bigint as delighted, coalesce(disappointed, 0)::bigint as disappointed,
        coalesce(nps_answers, 0)::bigint as nps_answers, balance
    from calls
    left join answered using (store_code, month)
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

create table marts.callback_question_monthly as
with counts as (
    select
        store_code, month, question_code, sum(answers)::bigint as answers,
        20 * sum(total)::double / sum(answers)::double as score, sum(low_answers)::bigint as low_answers
    from answer_counts
    where question_code <> 'Q8'
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
        store_code, advisor_no, month, question_code, answers, 20 * total::double / answers as score, low_answers
    from answer_counts
    where question_code <> 'Q8' and advisor_no is not null
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
