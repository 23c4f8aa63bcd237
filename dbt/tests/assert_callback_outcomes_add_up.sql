-- Why: every call was completed, reached nobody or was declined; a call in none of them is missing from all rates.
select
    store_code,
    month,
    callbacks,
    completed,
    unreachable,
    declined
from {{ ref('callback_store_monthly') }}
where completed + unreachable + declined <> callbacks
