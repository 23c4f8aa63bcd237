-- Grain: one row per case of a store, with its timeline.
{{ config(unique_key=['store_code', 'case_no']) }}
select
    cases.store_code,
    cases.case_no,
    cases.month,
    cases.week_of_month,
    {{ customer_key('cases') }} as customer_key,
    {{ vehicle_key('cases') }} as vehicle_key,
    cases.repair_order_no,
    cases.case_type,
    cases.channel,
    cases.category,
    cases.topic,
    cases.priority,
    cases.responsible_department,
    cases.responsible_employee_no,
    cases.handler_no,
    cases.received_at,
    cases.first_response_at,
    cases.assigned_at,
    cases.solution_proposed_at,
    cases.resolved_at,
    cases.is_responded,
    cases.is_resolved,
    cases.is_ever_resolved,
    cases.is_reopened,
    cases.is_urgent,
    cases.is_urgent_in_24h,
    cases.is_resolved_in_72h,
    cases.first_response_minutes,
    cases.assign_minutes,
    cases.solution_hours,
    cases.resolution_hours,
    cast(cases.satisfaction_score as double) as satisfaction_score,
    cast(cases.compensation_amount as double) as compensation_amount,
    cases.source_file,
    cases.source_line
from {{ ref('int_case') }} as cases
{{ join_customer_key('cases') }}
{{ join_vehicle_key('cases') }}
where {{ is_affected(['cases.store_code', 'cases.case_no']) }}
