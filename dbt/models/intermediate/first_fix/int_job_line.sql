-- Grain: one row per job line of a repair order that counts (not void). Hours and amounts stay decimals, so that sums
-- are exact.
{{ config(
    unique_key=['store_code', 'repair_order_no'],
    pre_hook=also_affected("
        select store_code, original_repair_order_no
        from {{ changed('int_repair_order') }}
        where original_repair_order_no is not null
    ")
) }}
with repair_orders as (
    select
        store_code,
        repair_order_no,
        month,
        customer_key,
        vehicle_key,
        advisor_no,
        checked_in_at
    from {{ ref('int_repair_order') }}
    where {{ is_affected() }}
),

redone_repair_orders as (
    -- only a later repair order can redo the one it names; a reference from an earlier or void one is wrong
    select
        original.store_code,
        original.repair_order_no,
        redo.repair_order_no as redone_by_repair_order_no,
        row_number() over (
            partition by original.store_code, original.repair_order_no
            order by redo.checked_in_at, redo.repair_order_no
        ) as redo_number
    from repair_orders as original
    inner join {{ ref('int_repair_order') }} as redo
        on
            original.store_code = redo.store_code
            and original.repair_order_no = redo.original_repair_order_no
            and original.checked_in_at < redo.checked_in_at
)

select
    job_lines.store_code,
    job_lines.repair_order_no,
    job_lines.line_no,
    repair_orders.month,
    repair_orders.customer_key,
    repair_orders.vehicle_key,
    repair_orders.advisor_no,
    job_lines.technician_no,
    job_lines.job_code,
    job_lines.concern,
    job_lines.labour_hours,
    job_lines.labour_amount,
    job_lines.parts_amount,
    job_lines.fixed_first_visit,
    job_lines.not_fixed_reason,
    coalesce(not job_lines.fixed_first_visit, false) as is_failed,
    redone_repair_orders.repair_order_no is not null as is_redone,
    comebacks.repair_order_no is not null as is_comeback,
    redone_repair_orders.redone_by_repair_order_no,
    comebacks.comeback_store_code,
    comebacks.comeback_repair_order_no,
    job_lines.source_file,
    job_lines.source_line
from {{ ref('stg_dms__repair_order_lines') }} as job_lines
inner join repair_orders
    on
        job_lines.store_code = repair_orders.store_code
        and job_lines.repair_order_no = repair_orders.repair_order_no
left join redone_repair_orders
    on
        job_lines.store_code = redone_repair_orders.store_code
        and job_lines.repair_order_no = redone_repair_orders.repair_order_no
        and redone_repair_orders.redo_number = 1
left join {{ ref('int_comeback') }} as comebacks
    on
        job_lines.store_code = comebacks.store_code
        and job_lines.repair_order_no = comebacks.repair_order_no
        and job_lines.concern = comebacks.concern
