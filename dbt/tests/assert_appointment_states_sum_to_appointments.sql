-- Why: every appointment is kept, no-show, cancelled or booked; one in none of them is missing from all rates. Nor can
-- there be more repair orders from appointments than repair orders, or more proactive ones than from appointments.
select
    store_code,
    month,
    appointments,
    kept,
    no_shows,
    cancelled,
    booked
from {{ ref('appointment_store_monthly') }}
where
    kept + no_shows + cancelled + booked <> appointments
    or proactive_appointment_repair_orders > appointment_repair_orders
    or appointment_repair_orders > repair_orders
