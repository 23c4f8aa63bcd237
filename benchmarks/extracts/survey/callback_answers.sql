-- Grain: one row per question of a completed call.
with asked as (
    select *, unnest(range(1, 10)) as question from calls where outcome = 'completed'
)

select
    store_code,
    callback_no,
    format('Q{:d}', question) as question_code,
    case
        when question = 9 then null
        when question = 8 then 10 - draw(visit, 'recommends', 4)
        when is_faulty(visit * 10 + question, 'score') then 99
        else 5 - draw(visit * 10 + question, 'which score', 3)
    end as score,
    if(question = 9, pick(visit, 'suggestion', ['没有建议', '希望更快', '休息区很好', '希望便宜一些']), null) as answer_text
from asked
