-- Grain: one row per store, month and customer type with a vehicle that visited; type `all` counts every vehicle.
{{ config(
    unique_key=['store_code', 'month'],
    pre_hook=also_affected("
        select store_code, month
        from {{ this }}
        where is_final <> {{ is_final_cohort('month') }}
    ")
) }}
with visits as (
    select
        store_code,
        month,
        'all' as customer_type,
        is_lost
    from {{ ref('int_vehicle_month') }}
    where {{ is_affected() }}
    union all
    select
        store_code,
        month,
        customer_type,
        is_lost
    from {{ ref('int_vehicle_month') }}
    where customer_type is not null and {{ is_affected() }}
),

cohorts as (
    select
        store_code,
        month,
        customer_type,
        count(*) as visited_vehicles,
        count(*) filter (where is_lost) as vehicles_without_return,
        {{ is_final_cohort('month') }} as is_final
    from visits
    group by store_code, month, customer_type
),

counts as (
    -- nobody knows who is lost before the window has passed for every vehicle of the month
    select
        store_code,
        month,
        customer_type,
        visited_vehicles,
        case when is_final then vehicles_without_return end as lost_vehicles,
        is_final
    from cohorts
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
