-- Grain: one row per call to a customer lost by a store.
{{ config(unique_key=['store_code', 'callback_no']) }}
select
    callbacks.store_code,
    callbacks.callback_no,
    callbacks.cohort_month as month,
    {{ vehicle_key('callbacks') }} as vehicle_key,
    callbacks.called_at,
    callbacks.outcome,
    callbacks.reason,
    callbacks.source_file,
    callbacks.source_line
from {{ ref('stg_survey__churn_callbacks') }} as callbacks
{{ join_vehicle_key('callbacks') }}
where {{ is_affected(['callbacks.store_code', 'callbacks.callback_no']) }}
