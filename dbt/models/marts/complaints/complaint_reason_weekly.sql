-- Grain: one row per store, month, week of the month and category with a dissatisfaction or complaint.
{{ config(unique_key=['store_code', 'month']) }}
select
    store_code,
    month,
    week_of_month,
    category,
    count(*) as cases
from {{ ref('int_case') }}
where is_grievance and {{ is_affected() }}
group by 1, 2, 3, 4
