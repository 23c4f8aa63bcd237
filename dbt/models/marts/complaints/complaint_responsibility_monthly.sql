-- Grain: one row per store, month, responsible department and responsible employee with a case; blanks form rows too.
{{ config(unique_key=['store_code', 'month']) }}
with cases as (
    select
        store_code,
        month,
        coalesce(responsible_department, '') as responsible_department,
        coalesce(responsible_employee_no, '') as responsible_employee_no,
        case_type
    from {{ ref('int_case') }}
    where {{ is_affected() }}
)

select
    store_code,
    month,
    responsible_department,
    responsible_employee_no,
    count(*) as cases,
    count(*) filter (where case_type = 'complaint') as complaints
from cases
group by 1, 2, 3, 4
