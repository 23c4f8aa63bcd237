-- Why: every call was completed, reached nobody or was declined; an outcome in none of them hides calls from all rates.
select
    store_code,
    month,
    callbacks,
    completed,
    unreachable,
    declined
from {{ ref('callback_store_monthly') }}
where completed + unreachable + declined <> callbacks
