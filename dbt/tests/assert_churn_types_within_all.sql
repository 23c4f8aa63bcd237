-- Why: the customer types are parts of `all`; vehicles counted in the parts but not in `all` would make churn rates
-- wrong.
with cohorts as (
    select
        store_code,
        month,
        sum(case when customer_type = 'all' then visited_vehicles end) as visited_all,
        sum(case when customer_type <> 'all' then visited_vehicles else 0 end) as visited_typed,
        sum(case when customer_type = 'all' then lost_vehicles end) as lost_all,
        sum(case when customer_type <> 'all' then lost_vehicles else 0 end) as lost_typed
    from {{ ref('churn_cohort_monthly') }}
    group by 1, 2
)

select
    store_code,
    month,
    visited_all,
    visited_typed,
    lost_all,
    lost_typed
from cohorts
where
    visited_all is null
    or visited_typed > visited_all
    or lost_typed > lost_all
    or lost_all > visited_all
