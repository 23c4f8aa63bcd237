-- Grain: one row per store, vehicle and month of its last visit, for vehicles lost in a final cohort.
{{ config(unique_key=['store_code', 'vehicle_key']) }}
select
    store_code,
    vehicle_key,
    month,
    last_visit_at,
    visits_24_months,
    customer_type,
    callback_outcome,
    reason
from {{ ref('int_lost_vehicle') }}
