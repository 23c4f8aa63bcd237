-- Grain: one row per step of a case received on the extract's days; the last is 26 hours after receipt.
with steps as (
    select unnest([
        {event_no: 1, event_type: 'assigned', minutes: 10},
        {event_no: 2, event_type: 'first_response', minutes: 90},
        {event_no: 3, event_type: 'solution_proposed', minutes: 700},
        {event_no: 4, event_type: 'resolved', minutes: 1400},
        {event_no: 5, event_type: 'customer_feedback', minutes: 1500},
        {event_no: 6, event_type: 'closed', minutes: 1560}
    ], recursive := true)
)

select
    store_code,
    case_no,
    event_no,
    if(
        event_type = 'first_response' and is_faulty(visit, 'early response'), received_at - interval 1 hour,
        received_at + to_minutes(minutes)
    ) as event_at,
    event_type,
    handler_no as actor_no,
    if(event_type = 'customer_feedback', 1 + draw(visit, 'satisfaction', 5), null) as satisfaction_score,
    if(
        event_type = 'resolved' and share(visit, 'compensated') < 0.1,
        50 * (1 + draw(visit, 'compensation', 10)),
        null
    ) as compensation_amount
from complaints, steps
where event_no < 6 or share(visit, 'closed') < 0.3
