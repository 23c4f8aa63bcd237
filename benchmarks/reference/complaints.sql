-- Cases with what their events tell, then counted in six ways.
create table published.marts.fct_case as
with timelines as (
    select
        store_code, case_no,
        min(event_at) filter (event_type = 'first_response') as first_response_at,
        min(event_at) filter (event_type = 'assigned') as assigned_at,
        min(event_at) filter (event_type = 'solution_proposed') as solution_proposed_at,
        max(event_at) filter (event_type = 'resolved') as resolved_at,
        bool_or(event_type in ('resolved', 'closed')) as is_ever_resolved,
        bool_or(event_type = 'reopened') as is_reopened,
        max_by(event_type, (event_at, event_no)) filter (event_type in ('resolved', 'closed', 'reopened')) as state,
        max_by(satisfaction_score, (event_at, event_no)) filter (satisfaction_score is not null) as satisfaction,
        sum(compensation_amount) as compensation
    from case_events
    group by all
)

select
    cases.store_code, cases.case_no, month_of(cases.received_at) as month,
    least((day(cases.received_at) - 1) // 7 + 1, 4) as week_of_month,
    coalesce(customer_keys.customer_key, keyed_hash(cases.store_code || '|' || cases.customer_no)) as customer_key,
    coalesce(vehicle_keys.vehicle_key, keyed_hash(cases.vin)) as vehicle_key,
    cases.repair_order_no, cases.case_type, cases.channel, cases.category, cases.topic, cases.priority,
    cases.responsible_department, cases.responsible_employee_no, cases.handler_no, cases.received_at,
    timelines.first_response_at, timelines.assigned_at, timelines.solution_proposed_at, timelines.resolved_at,
    timelines.first_response_at is not null as is_responded,
    coalesce(timelines.state <> 'reopened', false) as is_resolved,
    coalesce(timelines.is_ever_resolved, false) as is_ever_resolved,
    coalesce(timelines.is_reopened, false) as is_reopened,
    cases.priority = 'urgent' as is_urgent,
    coalesce(
        cases.priority = 'urgent'
        and timelines.first_response_at between cases.received_at and cases.received_at + interval 24 hour, false
    ) as is_urgent_in_24h,
    coalesce(
        timelines.state <> 'reopened'
        and timelines.resolved_at between cases.received_at and cases.received_at + interval 72 hour, false
    ) as is_resolved_in_72h,
    minutes_between(cases.received_at, timelines.first_response_at) as first_response_minutes,
    minutes_between(cases.received_at, timelines.assigned_at) as assign_minutes,
    hours_between(timelines.assigned_at, timelines.solution_proposed_at) as solution_hours,
    if(
        timelines.state <> 'reopened', hours_between(cases.received_at, timelines.resolved_at), null
    ) as resolution_hours,
    timelines.satisfaction::double as satisfaction_score, timelines.compensation::double as compensation_amount,
    files.source_file, cases.rowid - files.before as source_line
from cases
inner join files on cases.file = files.file
left join timelines on cases.store_code = timelines.store_code and cases.case_no = timelines.case_no
left join customer_keys
    on cases.store_code = customer_keys.store_code and cases.customer_no = customer_keys.customer_no
left join vehicle_keys on cases.vin = vehicle_keys.vin;

create table marts.complaint_store_monthly as
with told as (
    select
        store_code, month,
        count_if(case_type = 'enquiry') as enquiries,
        count_if(case_type = 'dissatisfaction') as dissatisfactions,
        count_if(case_type = 'complaint') as complaints,
        count(*) as cases,
        count_if(is_responded) as responded,
        quantile_cont(first_response_minutes, [0.5, 0.9]) as first_response_minutes,
        quantile_cont(assign_minutes, 0.5) as assign_minutes_median,
        quantile_cont(solution_hours, 0.5) as solution_hours_median,
        quantile_cont(resolution_hours, [0.5, 0.9]) as resolution_hours,
        count_if(is_resolved) as resolved,
        count_if(is_ever_resolved) as ever_resolved,
        count_if(is_reopened) as reopened,
        count_if(is_urgent) as urgent_cases,
        count_if(is_urgent_in_24h) as urgent_in_24h,
        avg(satisfaction_score) as satisfaction_mean,
        sum(compensation_amount) as compensation_amount
    from published.marts.fct_case
    group by all
)

, counts as (
    select
        store_code, month, coalesce(enquiries, 0) as enquiries, coalesce(dissatisfactions, 0) as dissatisfactions,
        coalesce(complaints, 0) as complaints, coalesce(repair_orders, 0) as repair_orders,
        coalesce(cases, 0) as cases, coalesce(responded, 0) as responded,
        first_response_minutes[1] as first_response_minutes_median,
        first_response_minutes[2] as first_response_minutes_p90,
        assign_minutes_median, solution_hours_median,
        resolution_hours[1] as resolution_hours_median, resolution_hours[2] as resolution_hours_p90,
        coalesce(resolved, 0) as resolved, coalesce(ever_resolved, 0) as ever_resolved,
        coalesce(reopened, 0) as reopened, coalesce(urgent_cases, 0) as urgent_cases,
        coalesce(urgent_in_24h, 0) as urgent_in_24h, satisfaction_mean,
        coalesce(compensation_amount, 0) as compensation_amount
    from told
    full join order_months using (store_code, month)
)

select
    *,
    ratio(complaints, repair_orders) as complaint_rate,
    wilson_low(complaints, repair_orders) as complaint_rate_low,
    wilson_high(complaints, repair_orders) as complaint_rate_high,
    ratio(resolved, cases) as resolution_rate,
    wilson_low(resolved, cases) as resolution_rate_low,
    wilson_high(resolved, cases) as resolution_rate_high,
    ratio(reopened, ever_resolved) as reopen_rate,
    wilson_low(reopened, ever_resolved) as reopen_rate_low,
    wilson_high(reopened, ever_resolved) as reopen_rate_high,
    ratio(urgent_in_24h, urgent_cases) as urgent_in_24h_rate,
    wilson_low(urgent_in_24h, urgent_cases) as urgent_in_24h_rate_low,
    wilson_high(urgent_in_24h, urgent_cases) as urgent_in_24h_rate_high
from counts;

create table marts.complaint_reason_weekly as
select store_code, month, week_of_month, category, count(*) as cases
from published.marts.fct_case
where case_type in ('dissatisfaction', 'complaint')
group by all;

create table marts.complaint_reason_monthly as
with reasons as (
    select store_code, month, category, sum(cases)::bigint as cases
    from marts.complaint_reason_weekly
    group by all
)

, months as (
    select store_code, month, sum(cases) as cases from reasons group by all
)

select
    reasons.*,
    ratio(reasons.cases, months.cases) as share,
    if(month_before.month is not null, coalesce(before.cases, 0), null) as previous_cases
from reasons
inner join months using (store_code, month)
left join months as month_before
    on reasons.store_code = month_before.store_code and reasons.month = month_before.month + interval 1 month
left join reasons as before
    on
        reasons.store_code = before.store_code and reasons.category = before.category
        and reasons.month = before.month + interval 1 month;

create table marts.complaint_responsibility_monthly as
select
    store_code, month, coalesce(responsible_department, '') as responsible_department,
    coalesce(responsible_employee_no, '') as responsible_employee_no, count(*) as cases,
    count_if(case_type = 'complaint') as complaints
from published.marts.fct_case
group by all;

create table marts.complaint_channel_monthly as
select store_code, month, channel, coalesce(topic, '') as topic, count(*) as cases
from published.marts.fct_case
group by all;

create table marts.agent_monthly as
with handled as (
    select
        store_code, handler_no as agent_no, month,
        count(*) as cases,
        count_if(is_resolved) as resolved,
        count_if(is_resolved_in_72h) as resolved_in_72h,
        quantile_cont(first_response_minutes, 0.5) as first_response_minutes_median,
        avg(satisfaction_score) as satisfaction_mean
    from published.marts.fct_case
    where handler_no is not null
    group by all
)

, called as (
    select
        store_code, interviewer_no as agent_no, month, count(*) as callbacks,
        count_if(is_completed) as callbacks_completed
    from published.marts.fct_callback
    where interviewer_no is not null
    group by all
)

, counts as (
    select
        store_code, agent_no, month, coalesce(cases, 0) as cases, coalesce(resolved, 0) as resolved,
        coalesce(resolved_in_72h, 0) as resolved_in_72h, first_response_minutes_median, satisfaction_mean,
        coalesce(callbacks, 0) as callbacks, coalesce(callbacks_completed, 0) as callbacks_completed
    from handled
    full join called using (store_code, agent_no, month)
)

select
    *,
    ratio(resolved_in_72h, cases) as resolved_in_72h_rate,
    wilson_low(resolved_in_72h, cases) as resolved_in_72h_rate_low,
    wilson_high(resolved_in_72h, cases) as resolved_in_72h_rate_high,
    ratio(callbacks_completed, callbacks) as callbacks_completed_rate,
    wilson_low(callbacks_completed, callbacks) as callbacks_completed_rate_low,
    wilson_high(callbacks_completed, callbacks) as callbacks_completed_rate_high
from counts;
