-- Grain: one row per employee of a store; employees appear by number only.
select
    store_code,
    employee_no,
    role,
    department,
    hired_on,
    left_on
from {{ ref('stg_dms__employees') }}
