-- Grain: one row per store and month with a case or a repair order.
{{ config(unique_key=['store_code', 'month']) }}
with cases as (
    select
        store_code,
        month,
        count(*) filter (where case_type = 'enquiry') as enquiries,
        count(*) filter (where case_type = 'dissatisfaction') as dissatisfactions,
        count(*) filter (where case_type = 'complaint') as complaints,
        count(*) as cases,
        count(*) filter (where is_responded) as responded,
        {{ percentile('first_response_minutes', 0.5) }} as first_response_minutes_median,
        {{ percentile('first_response_minutes', 0.9) }} as first_response_minutes_p90,
        {{ percentile('assign_minutes', 0.5) }} as assign_minutes_median,
        {{ percentile('solution_hours', 0.5) }} as solution_hours_median,
        {{ percentile('resolution_hours', 0.5) }} as resolution_hours_median,
        {{ percentile('resolution_hours', 0.9) }} as resolution_hours_p90,
        count(*) filter (where is_resolved) as resolved,
        count(*) filter (where is_ever_resolved) as ever_resolved,
        count(*) filter (where is_reopened) as reopened,
        count(*) filter (where is_urgent) as urgent_cases,
        count(*) filter (where is_urgent_in_24h) as urgent_in_24h,
        {{ mean('satisfaction_score') }} as satisfaction_mean,
        cast(sum(compensation_amount) as double) as compensation_amount
    from {{ ref('int_case') }}
    where {{ is_affected() }}
    group by 1, 2
),

repair_orders as (
    select
        store_code,
        month,
        count(*) as repair_orders
    from {{ ref('int_repair_order') }}
    where {{ is_affected() }}
    group by 1, 2
),

store_months as (
    select
        store_code,
        month
    from cases
    union
    select
        store_code,
        month
    from repair_orders
),

counts as (
    select
        store_months.store_code,
        store_months.month,
        coalesce(cases.enquiries, 0) as enquiries,
        coalesce(cases.dissatisfactions, 0) as dissatisfactions,
        coalesce(cases.complaints, 0) as complaints,
        coalesce(repair_orders.repair_orders, 0) as repair_orders,
        coalesce(cases.cases, 0) as cases,
        coalesce(cases.responded, 0) as responded,
        cases.first_response_minutes_median,
        cases.first_response_minutes_p90,
        cases.assign_minutes_median,
        cases.solution_hours_median,
        cases.resolution_hours_median,
        cases.resolution_hours_p90,
        coalesce(cases.resolved, 0) as resolved,
        coalesce(cases.ever_resolved, 0) as ever_resolved,
        coalesce(cases.reopened, 0) as reopened,
        coalesce(cases.urgent_cases, 0) as urgent_cases,
        coalesce(cases.urgent_in_24h, 0) as urgent_in_24h,
        cases.satisfaction_mean,
        coalesce(cases.compensation_amount, 0) as compensation_amount
    from store_months
    left join cases
        on store_months.store_code = cases.store_code and store_months.month = cases.month
    left join repair_orders
        on store_months.store_code = repair_orders.store_code and store_months.month = repair_orders.month
)

select
    store_code,
    month,
    enquiries,
    dissatisfactions,
    complaints,
    repair_orders,
    {{ ratio('complaints', 'repair_orders') }} as complaint_rate,
    {{ wilson_low('complaints', 'repair_orders') }} as complaint_rate_low,
    {{ wilson_high('complaints', 'repair_orders') }} as complaint_rate_high,
    cases,
    responded,
    first_response_minutes_median,
    first_response_minutes_p90,
    assign_minutes_median,
    solution_hours_median,
    resolution_hours_median,
    resolution_hours_p90,
    resolved,
    {{ ratio('resolved', 'cases') }} as resolution_rate,
    {{ wilson_low('resolved', 'cases') }} as resolution_rate_low,
    {{ wilson_high('resolved', 'cases') }} as resolution_rate_high,
    ever_resolved,
    reopened,
    {{ ratio('reopened', 'ever_resolved') }} as reopen_rate,
    {{ wilson_low('reopened', 'ever_resolved') }} as reopen_rate_low,
    {{ wilson_high('reopened', 'ever_resolved') }} as reopen_rate_high,
    urgent_cases,
    urgent_in_24h,
    {{ ratio('urgent_in_24h', 'urgent_cases') }} as urgent_in_24h_rate,
    {{ wilson_low('urgent_in_24h', 'urgent_cases') }} as urgent_in_24h_rate_low,
    {{ wilson_high('urgent_in_24h', 'urgent_cases') }} as urgent_in_24h_rate_high,
    satisfaction_mean,
    compensation_amount
from counts
