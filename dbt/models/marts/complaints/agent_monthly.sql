-- Grain: one row per store, agent and month with a case handled or a callback made.
{{ config(unique_key=['store_code', 'month']) }}
with cases as (
    select
        store_code,
        handler_no as agent_no,
        month,
        count(*) as cases,
        count(*) filter (where is_resolved) as resolved,
        count(*) filter (where is_resolved_in_72h) as resolved_in_72h,
        {{ percentile('first_response_minutes', 0.5) }} as first_response_minutes_median,
        {{ mean('satisfaction_score') }} as satisfaction_mean
    from {{ ref('int_case') }}
    where handler_no is not null and {{ is_affected() }}
    group by 1, 2, 3
),

callbacks as (
    select
        store_code,
        interviewer_no as agent_no,
        month,
        count(*) as callbacks,
        count(*) filter (where is_completed) as callbacks_completed
    from {{ ref('fct_callback') }}
    where interviewer_no is not null and {{ is_affected() }}
    group by 1, 2, 3
),

agent_months as (
    select
        store_code,
        agent_no,
        month
    from cases
    union
    select
        store_code,
        agent_no,
        month
    from callbacks
),

counts as (
    select
        agent_months.store_code,
        agent_months.agent_no,
        agent_months.month,
        coalesce(cases.cases, 0) as cases,
        coalesce(cases.resolved, 0) as resolved,
        coalesce(cases.resolved_in_72h, 0) as resolved_in_72h,
        cases.first_response_minutes_median,
        cases.satisfaction_mean,
        coalesce(callbacks.callbacks, 0) as callbacks,
        coalesce(callbacks.callbacks_completed, 0) as callbacks_completed
    from agent_months
    left join cases
        on
            agent_months.store_code = cases.store_code
            and agent_months.agent_no = cases.agent_no
            and agent_months.month = cases.month
    left join callbacks
        on
            agent_months.store_code = callbacks.store_code
            and agent_months.agent_no = callbacks.agent_no
            and agent_months.month = callbacks.month
)

select
    store_code,
    agent_no,
    month,
    cases,
    resolved,
    resolved_in_72h,
    {{ ratio('resolved_in_72h', 'cases') }} as resolved_in_72h_rate,
    {{ wilson_low('resolved_in_72h', 'cases') }} as resolved_in_72h_rate_low,
    {{ wilson_high('resolved_in_72h', 'cases') }} as resolved_in_72h_rate_high,
    first_response_minutes_median,
    satisfaction_mean,
    callbacks,
    callbacks_completed,
    {{ ratio('callbacks_completed', 'callbacks') }} as callbacks_completed_rate,
    {{ wilson_low('callbacks_completed', 'callbacks') }} as callbacks_completed_rate_low,
    {{ wilson_high('callbacks_completed', 'callbacks') }} as callbacks_completed_rate_high
from counts
