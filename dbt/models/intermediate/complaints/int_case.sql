-- Grain: one row per case of a store, with the timeline of its events. Amounts and scores stay decimals, so that sums
-- are exact.
{{ config(unique_key=['store_code', 'case_no']) }}
with cases as (
    select
        store_code,
        case_no,
        {{ month_of('received_at') }} as month,
        {{ week_of_month('received_at') }} as week_of_month,
        customer_no,
        vin,
        repair_order_no,
        case_type,
        channel,
        category,
        topic,
        priority,
        responsible_department,
        responsible_employee_no,
        handler_no,
        received_at,
        source_file,
        source_line
    from {{ ref('stg_complaint__cases') }}
    where {{ is_affected() }}
),

timelines as (
    select
        store_code,
        case_no,
        min(case when event_type = 'first_response' then event_at end) as first_response_at,
        min(case when event_type = 'assigned' then event_at end) as assigned_at,
        min(case when event_type = 'solution_proposed' then event_at end) as solution_proposed_at,
        max(case when event_type = 'resolved' then event_at end) as resolved_at,
        bool_or(event_type in ('resolved', 'closed')) as is_ever_resolved,
        bool_or(event_type = 'reopened') as is_reopened,
        sum(compensation_amount) as compensation_amount
    from {{ ref('stg_complaint__case_events') }}
    where {{ is_affected() }}
    group by 1, 2
),

states as (
    -- two events can have the same time: the higher number came later
    select
        store_code,
        case_no,
        event_type,
        row_number() over (
            partition by store_code, case_no
            order by event_at desc, event_no desc
        ) as recency
    from {{ ref('stg_complaint__case_events') }}
    where event_type in ('resolved', 'closed', 'reopened') and {{ is_affected() }}
),

satisfactions as (
    select
        store_code,
        case_no,
        satisfaction_score,
        row_number() over (
            partition by store_code, case_no
            order by event_at desc, event_no desc
        ) as recency
    from {{ ref('stg_complaint__case_events') }}
    where satisfaction_score is not null and {{ is_affected() }}
),

cases_with_timelines as (
    select
        cases.store_code,
        cases.case_no,
        cases.month,
        cases.week_of_month,
        cases.customer_no,
        cases.vin,
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
        timelines.first_response_at,
        timelines.assigned_at,
        timelines.solution_proposed_at,
        timelines.resolved_at,
        coalesce(states.event_type <> 'reopened', false) as is_resolved,
        coalesce(timelines.is_ever_resolved, false) as is_ever_resolved,
        coalesce(timelines.is_reopened, false) as is_reopened,
        satisfactions.satisfaction_score,
        timelines.compensation_amount,
        {{ elapsed_seconds('cases.received_at', 'timelines.first_response_at') }} as first_response_seconds,
        {{ elapsed_seconds('cases.received_at', 'timelines.assigned_at') }} as assign_seconds,
        {{ elapsed_seconds('timelines.assigned_at', 'timelines.solution_proposed_at') }} as solution_seconds,
        {{ elapsed_seconds('cases.received_at', 'timelines.resolved_at') }} as resolution_seconds,
        cases.source_file,
        cases.source_line
    from cases
    left join timelines
        on cases.store_code = timelines.store_code and cases.case_no = timelines.case_no
    left join states
        on cases.store_code = states.store_code and cases.case_no = states.case_no and states.recency = 1
    left join satisfactions
        on
            cases.store_code = satisfactions.store_code
            and cases.case_no = satisfactions.case_no
            and satisfactions.recency = 1
)

select
    store_code,
    case_no,
    month,
    week_of_month,
    customer_no,
    vin,
    repair_order_no,
    case_type,
    case_type in ('dissatisfaction', 'complaint') as is_grievance,
    channel,
    category,
    topic,
    priority,
    responsible_department,
    responsible_employee_no,
    handler_no,
    received_at,
    first_response_at,
    assigned_at,
    solution_proposed_at,
    resolved_at,
    first_response_at is not null as is_responded,
    is_resolved,
    is_ever_resolved,
    is_reopened,
    priority = 'urgent' as is_urgent,
    -- limits are compared in exact seconds; a duration whose ends are out of order is unknown
    coalesce(
        priority = 'urgent' and first_response_seconds between 0 and {{ var('urgent_response_hours') }} * 3600, false
    ) as is_urgent_in_24h,
    coalesce(
        is_resolved and resolution_seconds between 0 and {{ var('agent_resolution_hours') }} * 3600, false
    ) as is_resolved_in_72h,
    case when first_response_seconds >= 0 then cast(first_response_seconds as double) / 60 end
        as first_response_minutes,
    case when assign_seconds >= 0 then cast(assign_seconds as double) / 60 end as assign_minutes,
    case when solution_seconds >= 0 then cast(solution_seconds as double) / 3600 end as solution_hours,
    case when is_resolved and resolution_seconds >= 0 then cast(resolution_seconds as double) / 3600 end
        as resolution_hours,
    satisfaction_score,
    compensation_amount,
    source_file,
    source_line
from cases_with_timelines
