-- Kept, no-show, cancelled and booked are all the states there are: another sum means an appointment is in none.
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
