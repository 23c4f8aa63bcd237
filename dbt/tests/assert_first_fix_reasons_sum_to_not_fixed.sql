-- Why: each repair not fixed first time has one reason; another sum means that a repair counts twice or not at all.
{{ config(meta={'dagster': {'ref': {'name': 'first_fix_reason_monthly'}}}) }}

with reasons as (
    select
        store_code,
        technician_no,
        month,
        sum(not_fixed) as not_fixed
    from {{ ref('first_fix_reason_monthly') }}
    group by 1, 2, 3
)

select
    technicians.store_code,
    technicians.technician_no,
    technicians.month,
    technicians.not_fixed as technician_not_fixed,
    reasons.not_fixed as reason_not_fixed
from {{ ref('first_fix_technician_monthly') }} as technicians
full outer join reasons
    on
        technicians.store_code = reasons.store_code
        and technicians.technician_no = reasons.technician_no
        and technicians.month = reasons.month
where technicians.not_fixed is distinct from coalesce(reasons.not_fixed, 0)
