-- Grain: one row per call made on the extract's days.
select
    store_code,
    callback_no,
    repair_order_no,
    customer_no,
    format('A{:02d}', advisor) as advisor_no,
    if(
        is_faulty(visit, 'interviewer'), 'X99', format('C{:02d}', 1 + draw(visit, 'interviewer number', 3))
    ) as interviewer_no,
    called_at,
    outcome
from calls
