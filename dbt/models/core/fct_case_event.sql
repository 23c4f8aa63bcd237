-- Grain: one row per event of a case.
{{ config(unique_key=['store_code', 'case_no']) }}
with cases as (
    select
        store_code,
        case_no,
        month
    from {{ ref('int_case') }}
    where {{ is_affected() }}
)

select
    events.store_code,
    events.case_no,
    events.event_no,
    cases.month,
    events.event_type,
    events.event_at,
    events.actor_no,
    cast(events.satisfaction_score as double) as satisfaction_score,
    cast(events.compensation_amount as double) as compensation_amount,
    events.source_file,
    events.source_line
from {{ ref('stg_complaint__case_events') }} as events
inner join cases
    on
        events.store_code = cases.store_code
        and events.case_no = cases.case_no
where {{ is_affected(['events.store_code', 'events.case_no']) }}
