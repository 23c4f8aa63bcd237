-- Grain: one row per repair order checked in on the extract's days; some of the six days before come again.
select
    store_code,
    repair_order_no,
    customer_no,
    vin,
    if(is_faulty(visit, 'advisor'), 'X99', format('A{:02d}', advisor)) as advisor_no,
    if(appointment < 0.27, format('P{:09d}', visit), null) as appointment_no,
    pick(visit, 'service', ['maintenance', 'maintenance', 'repair', 'warranty', 'body_paint', 'recall']) as service_type,
    -- A vehicle drives on from visit to visit.
    if(
        is_faulty(visit, 'odometer'), -1,
        draw(vehicle, 'odometer', 90000) + 30 * date_diff('day', getvariable('starts_on'), checked_in_at)
    ) as odometer_km,
    checked_in_at,
    order_signed_at,
    order_signed_at + to_minutes(120 + draw(visit, 'promised', 1200)) as promised_at,
    if(is_faulty(visit, 'completed early'), checked_in_at - interval 1 hour, completed_at) as completed_at,
    delivered_at - interval 10 minute as settled_at,
    if(is_faulty(visit, 'not delivered'), null, delivered_at) as delivered_at,
    case
        when share(visit, 'rejected') < getvariable('rejected') then 'unheard-of'
        when share(visit, 'void') < 0.005 then 'void'
        else 'delivered'
    end as status,
    null as original_repair_order_no,
    cast((labour_cents + parts_cents) * (95 + draw(visit, 'quoted', 15)) / 10000 as decimal(10, 2)) as quoted_amount,
    cast(labour_cents / 100 as decimal(10, 2)) as labour_amount,
    cast(parts_cents / 100 as decimal(10, 2)) as parts_amount,
    cast((labour_cents + parts_cents) / 100 as decimal(10, 2)) + if(is_faulty(visit, 'total'), 5, 0) as total_amount
from visits
where
    is_of_extract
    or (checked_in_at < getvariable('from_day') and share(visit, 'sent again') < 0.03)
