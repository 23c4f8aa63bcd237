-- Grain: one row per answer of a response; a response tells of a repair order of the extract.
with asked as (
    select *, unnest(range(1, 12)) as item from visits where is_of_extract and share(visit, 'surveyed') < 0.083
)

select
    format('N{:09d}', visit) as response_no,
    if(item = 11, 'overall', format('mot{:02d}', item)) as item_code,
    store_code,
    strftime(checked_in_at, '%Y-%m') as period,
    repair_order_no,
    format('A{:02d}', advisor) as advisor_no,
    if(is_faulty(visit * 100 + item, 'css score'), 999, 150 - 10 * draw(visit * 100 + item, 'which css score', 6)) as score
from asked
