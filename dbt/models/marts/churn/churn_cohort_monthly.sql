-- Grain: one row per store, month and customer type with a vehicle that visited; type `all` counts every vehicle.
{{ config(
    unique_key=['store_code', 'month'],
    pre_hook=also_affected("
        select store_code, month
        from {{ this }}
        where is_final <> {{ is_final_cohort('month') }}
    ")
) }}
with cohorts_by_type as (
    select
        store_code,
        month,
        customer_type,
        count(*) as visited_vehicles,
        count(*) filter (where is_lost) as vehicles_without_return
    from {{ ref('int_vehicle_month') }}
    where {{ is_affected() }}
    group by store_code, month, customer_type
),

cohorts as (
    select
        store_code,
        month,
        'all' as customer_type,
        cast(sum(visited_vehicles) as bigint) as visited_vehicles,
        cast(sum(vehicles_without_return) as bigint) as vehicles_without_return
    from cohorts_by_type
    group by store_code, month
    union all
    select
        store_code,
        month,
        customer_type,
        visited_vehicles,
        vehicles_without_return
    from cohorts_by_type
    where customer_type is not null
),

counts as (
    -- lost vehicles are unknown until the window has passed for every vehicle of the month
    select
        store_code,
        month,
        customer_type,
        visited_vehicles,
        case when {{ is_final_cohort('month') }} then vehicles_without_return end as lost_vehicles,
        {{ is_final_cohort('month') }} as is_final
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
