-- Grain: one row per store, technician, month and reason with a repair that was not fixed first time.
{{ config(unique_key=['store_code', 'month']) }}
select
    store_code,
    technician_no,
    month,
    reason,
    count(*) as not_fixed
from {{ ref('int_repair') }}
where is_not_fixed and {{ is_affected() }}
group by 1, 2, 3, 4
