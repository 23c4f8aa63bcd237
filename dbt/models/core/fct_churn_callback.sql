-- Grain: one row per call to a customer lost by a store.
{{ config(unique_key=['store_code', 'callback_no']) }}
select
    callbacks.store_code,
    callbacks.callback_no,
    callbacks.cohort_month as month,
    vehicle_keys.vehicle_key,
    callbacks.called_at,
    callbacks.outcome,
    callbacks.reason,
    callbacks.source_file,
    callbacks.source_line
from {{ ref('stg_survey__churn_callbacks') }} as callbacks
left join {{ ref('int_vehicle_key') }} as vehicle_keys
    on callbacks.vin = vehicle_keys.vin
where {{ is_affected(['callbacks.store_code', 'callbacks.callback_no']) }}
