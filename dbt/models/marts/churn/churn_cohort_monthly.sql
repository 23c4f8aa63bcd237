-- Grain: one row per store, month and customer type with a vehicle that visited; type `all` counts every vehicle.
with visits as (
    select
        store_code,
        month,
        'all' as customer_type,
        is_lost,
        is_final
    from {{ ref('int_vehicle_month') }}
    union all
    select
        store_code,
        month,
        customer_type,
        is_lost,
        is_final
    from {{ ref('int_vehicle_month') }}
    where customer_type is not null
),

counts as (
    -- nobody knows who is lost before the window has passed for every vehicle of the month
    select
        store_code,
        month,
        customer_type,
        count(*) as visited_vehicles,
        case when is_final then count(*) filter (where is_lost) end as lost_vehicles,
        is_final
    from visits
    group by store_code, month, customer_type, is_final
)

select
    store_code,
    month,
    customer_type,
    visited_vehicles,
    lost_vehicles,
    {{ ratio('lost_vehicles', 'visited_vehicles') }} as churn_rate,
    {{ wilson_low('lost_vehicles', 'visited_vehicles') }} as churn_rate_low,
    {{ wilson_high('lost_vehicles', 'visited_vehicles') }} as churn_rate_high,
    is_final
from counts
