-- Why: each repair not fixed first time is either recorded or inferred; otherwise the two columns do not add up to the
-- third.
{{ config(meta={'dagster': {'ref': {'name': 'first_fix_technician_monthly'}}}) }}

with figures as (
    select
        store_code,
        month,
        repairs,
        recorded_not_fixed,
        inferred_not_fixed,
        not_fixed
    from {{ ref('first_fix_technician_monthly') }}
    union all
    select
        store_code,
        month,
        repairs,
        recorded_not_fixed,
        inferred_not_fixed,
        not_fixed
    from {{ ref('first_fix_store_monthly') }}
)

select
    store_code,
    month,
    repairs,
    recorded_not_fixed,
    inferred_not_fixed,
    not_fixed
from figures
where recorded_not_fixed + inferred_not_fixed <> not_fixed or not_fixed > repairs
