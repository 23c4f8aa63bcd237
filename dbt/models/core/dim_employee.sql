-- Grain: one row per employee of a store; people appear by code only.
select
    store_code,
    employee_no,
    role,
    department,
    hired_on,
    left_on
from {{ ref('stg_dms__employees') }}
