-- Why: stores work through the list of lost vehicles; it must hold exactly the vehicles that the churn rate counts.
{{ config(meta={'dagster': {'ref': {'name': 'lost_vehicle'}}}) }}

with listed as (
    select
        store_code,
        month,
        count(*) as vehicles
    from {{ ref('lost_vehicle') }}
    group by 1, 2
)

select
    coalesce(cohorts.store_code, listed.store_code) as store_code,
    coalesce(cohorts.month, listed.month) as month,
    cohorts.lost_vehicles as cohort_vehicles,
    listed.vehicles as listed_vehicles
from (
    select
        store_code,
        month,
        lost_vehicles
    from {{ ref('churn_cohort_monthly') }}
    where customer_type = 'all' and is_final
) as cohorts
full outer join listed
    on cohorts.store_code = listed.store_code and cohorts.month = listed.month
where coalesce(cohorts.lost_vehicles, 0) <> coalesce(listed.vehicles, 0)
