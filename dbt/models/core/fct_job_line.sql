-- Grain: one row per job line of a repair order that counts (not void).
{{ config(unique_key=['store_code', 'repair_order_no']) }}
select
    store_code,
    repair_order_no,
    line_no,
    month,
    customer_key,
    vehicle_key,
    advisor_no,
    technician_no,
    job_code,
    {{ mask_personal('concern') }} as concern,
    cast(labour_hours as double) as labour_hours,
    cast(labour_amount as double) as labour_amount,
    cast(parts_amount as double) as parts_amount,
    fixed_first_visit,
    not_fixed_reason,
    is_failed,
    is_redone,
    is_comeback,
    redone_by_repair_order_no,
    comeback_store_code,
    comeback_repair_order_no,
    source_file,
    source_line
from {{ ref('int_job_line') }}
