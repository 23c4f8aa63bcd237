-- Grain: one row per visit from six days before the extract's days to six days after them: what repair
-- orders, and all that hangs on them, are written from.
create or replace temp table visits as
with drawn as (
    select
        range as visit,
        vehicle_of(range) as vehicle,
        day_of(range) + to_minutes(480 + draw(range, 'checked in', 540)) as checked_in_at,
        1 + draw(range, 'advisor', 8) as advisor,
        share(range, 'appointment') as appointment,
        case
            when share(range, 'lines') < 0.3 then 1
            when share(range, 'lines') < 0.65 then 2
            when share(range, 'lines') < 0.85 then 3
            else 4
        end as lines,
        8000 + draw(range, 'labour', 120000) as labour_cents,
        draw(range, 'parts', 300000) as parts_cents
    from range(
        visits_before(greatest(getvariable('from_day') - 6, getvariable('starts_on'))),
        visits_before(getvariable('to_day') + 6)
    )
)

, signed as (
    select *, checked_in_at + to_minutes(10 + draw(visit, 'signed', 20)) as order_signed_at from drawn
)

, completed as (
    select *, order_signed_at + to_minutes(60 + draw(visit, 'completed', 1100)) as completed_at from signed
)

select
    *,
    completed_at + to_minutes(30 + draw(visit, 'delivered', 240)) as delivered_at,
    store_of(vehicle) as store_code,
    format('R{:09d}', visit) as repair_order_no,
    customer_of(vehicle) as customer_no,
    vin_of(vehicle) as vin,
    checked_in_at >= getvariable('from_day') and checked_in_at < getvariable('to_day') as is_of_extract
from completed;
