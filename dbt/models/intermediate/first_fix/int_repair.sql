-- Grain: one row per repair: a repair order and a technician with at least one line on it.
{{ config(unique_key=['store_code', 'repair_order_no']) }}
with job_lines as (
    select
        store_code,
        repair_order_no,
        technician_no,
        line_no,
        month,
        not_fixed_reason,
        is_failed,
        is_redone,
        is_comeback
    from {{ ref('int_job_line') }}
    where technician_no is not null and {{ is_affected() }}
),

failed_lines as (
    select
        store_code,
        repair_order_no,
        technician_no,
        coalesce(not_fixed_reason, 'unspecified') as reason,
        row_number() over (
            partition by store_code, repair_order_no, technician_no
            order by line_no
        ) as failed_line_rank
    from job_lines
    where is_failed
),

repairs as (
    select
        store_code,
        repair_order_no,
        technician_no,
        month,
        bool_or(is_failed or is_redone) as is_recorded_not_fixed,
        bool_or(is_comeback) as has_comeback
    from job_lines
    group by store_code, repair_order_no, technician_no, month
)

select
    repairs.store_code,
    repairs.repair_order_no,
    repairs.technician_no,
    repairs.month,
    repairs.is_recorded_not_fixed,
    repairs.has_comeback and not repairs.is_recorded_not_fixed as is_inferred_not_fixed,
    repairs.has_comeback or repairs.is_recorded_not_fixed as is_not_fixed,
    case
        when repairs.has_comeback or repairs.is_recorded_not_fixed then coalesce(failed_lines.reason, 'comeback')
    end as reason
from repairs
left join failed_lines
    on
        repairs.store_code = failed_lines.store_code
        and repairs.repair_order_no = failed_lines.repair_order_no
        and repairs.technician_no = failed_lines.technician_no
        and failed_lines.failed_line_rank = 1
-- rows that are read together, by month or by number, are stored together
order by repairs.month
