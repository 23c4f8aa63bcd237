-- Grain: one row per store, vehicle and month of its last visit, for vehicles lost in a final cohort.
{{ config(
    unique_key=['store_code', 'vin'],
    meta={'affected_by': ['int_month']},
    pre_hook=also_affected("
        select vehicles.store_code, vehicles.vin
        from {{ ref('int_vehicle_month') }} as vehicles
        where vehicles.is_lost and vehicles.month in (
            select months.month
            from {{ ref('int_month') }} as months
            where {{ is_final_cohort('months.month') }} <> {{ is_final_cohort('months.month', as_of_before()) }}
        )
    ")
) }}
with final_months as (
    -- evaluated once per month, not once per vehicle
    select month
    from {{ ref('int_month') }}
    where {{ is_final_cohort('month') }}
),

lost_vehicles as {{ computed_once() }} (
    select
        vehicles.store_code,
        vehicles.vin,
        vehicles.month,
        vehicles.last_visit_at,
        vehicles.customer_type
    from {{ ref('int_vehicle_month') }} as vehicles
    inner join final_months
        on vehicles.month = final_months.month and vehicles.is_lost
    where {{ is_affected(['vehicles.store_code', 'vehicles.vin']) }}
),

earlier_visits as (
    select
        lost_vehicles.store_code,
        lost_vehicles.vin,
        lost_vehicles.month,
        count(*) as visits
    from lost_vehicles
    inner join {{ ref('int_repair_order') }} as repair_orders
        on
            lost_vehicles.store_code = repair_orders.store_code
            and lost_vehicles.vin = repair_orders.vin
            and lost_vehicles.last_visit_at > repair_orders.checked_in_at
            and repair_orders.checked_in_at
            >= {{ add_months('lost_vehicles.last_visit_at', -var('lost_vehicle_history_months')) }}
    group by 1, 2, 3
)

select
    lost_vehicles.store_code,
    lost_vehicles.vin,
    {{ vehicle_key('lost_vehicles') }} as vehicle_key,
    lost_vehicles.month,
    lost_vehicles.last_visit_at,
    coalesce(earlier_visits.visits, 0) as visits_24_months,
    lost_vehicles.customer_type,
    callbacks.outcome as callback_outcome,
    callbacks.reason
from lost_vehicles
{{ join_vehicle_key('lost_vehicles') }}
left join earlier_visits
    on
        lost_vehicles.store_code = earlier_visits.store_code
        and lost_vehicles.vin = earlier_visits.vin
        and lost_vehicles.month = earlier_visits.month
left join {{ ref('int_churn_callback') }} as callbacks
    on
        lost_vehicles.store_code = callbacks.store_code
        and lost_vehicles.vin = callbacks.vin
        and lost_vehicles.month = callbacks.month
