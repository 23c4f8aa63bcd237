-- Grain: one row per store, month, week of the month and category with a dissatisfaction or complaint.
select
    store_code,
    month,
    week_of_month,
    category,
    count(*) as cases
from {{ ref('int_case') }}
where case_type in ('dissatisfaction', 'complaint')
group by 1, 2, 3, 4
