-- Customer base, cohorts of vehicles, and the calls to those that were lost.
create table marts.customer_base_monthly as
with visits as (
    select distinct store_code, customer_no, month_of(checked_in_at) as month from repair_orders where status <> 'void'
)

-- A visit counts for twelve months, or until the customer's next one takes over.
, active as (
    select
        store_code, month,
        least(
            month + interval 12 month, lead(month) over (partition by store_code, customer_no order by month)
        )::date as until
    from visits
)

, changes as (
    select store_code, month, 0 as on_file, count(*) as active from active group by all
    union all
    select store_code, until as month, 0 as on_file, -count(*) as active from active group by all
    union all
    select store_code, month_of(registered_on) as month, count(*) as on_file, 0 as active from customers group by all
)

, shown as (
    select
        store_code,
        unnest(generate_series(min(month), getvariable('as_of'), interval 1 month))::date as month
    from published.marts.fct_repair_order
    group by store_code
)

select
    shown.store_code, shown.month,
    sum(changes.on_file)::bigint as on_file_customers,
    sum(changes.active)::bigint as active_customers
from shown
inner join changes on shown.store_code = changes.store_code and changes.month <= shown.month
group by all;

-- The last visit of a vehicle's month at a store, and the visit after it.
create temp table vehicle_months as
with visits as (
    select
        store_code, vin, month_of(checked_in_at) as month, customer_no, checked_in_at,
        lead(checked_in_at) over (partition by store_code, vin order by checked_in_at, repair_order_no) as next_at
    from repair_orders
    where status <> 'void'
)

select
    visits.store_code, visits.vin, visits.month, visits.checked_in_at as last_visit_at, customers.customer_type,
    coalesce(visits.next_at >= visits.checked_in_at + interval 6 month, true) as is_lost,
    getvariable('as_of') >= last_day(visits.month) + interval 6 month as is_final
from visits
left join customers on visits.store_code = customers.store_code and visits.customer_no = customers.customer_no
where visits.next_at is null or month_of(visits.next_at) > visits.month;

create table marts.churn_cohort_monthly as
with types as (
    select
        store_code, month, is_final, customer_type, count(*) as vehicles, count_if(is_lost) as lost
    from vehicle_months
    group by all
)

, counts as (
    select
        store_code, month, if(grouping(customer_type) = 1, 'all', customer_type) as customer_type,
        sum(vehicles)::bigint as visited_vehicles, if(is_final, sum(lost), null)::bigint as lost_vehicles, is_final
    from types
    group by grouping sets ((store_code, month, is_final), (store_code, month, is_final, customer_type))
)

select
    *,
    ratio(lost_vehicles, visited_vehicles) as churn_rate,
    wilson_low(lost_vehicles, visited_vehicles) as churn_rate_low,
    wilson_high(lost_vehicles, visited_vehicles) as churn_rate_high
from counts
where customer_type is not null;

create table marts.lost_vehicle as
with lost as (
    select store_code, vin, month, last_visit_at, customer_type from vehicle_months where is_lost and is_final
)

, earlier as (
    select lost.store_code, lost.vin, lost.month, count(*) as visits
    from lost
    inner join repair_orders as orders
        on
            lost.store_code = orders.store_code
            and lost.vin = orders.vin
            and orders.checked_in_at < lost.last_visit_at
            and orders.checked_in_at >= lost.last_visit_at - interval 24 month
    where orders.status <> 'void'
    group by all
)

-- A completed call first, then the latest.
, calls as (
    select
        store_code, vin, month,
        max_by(
            {outcome: outcome, reason: reason},
            (outcome = 'completed', coalesce(called_at, timestamp '0001-01-01'), callback_no)
        ) as call
    from churn_callbacks
    group by all
)

select
    lost.store_code,
    keyed_hash(lost.vin) as vehicle_key,
    lost.month, lost.last_visit_at, coalesce(earlier.visits, 0) as visits_24_months, lost.customer_type,
    calls.call.outcome as callback_outcome, calls.call.reason as reason
from lost
left join earlier
    on lost.store_code = earlier.store_code and lost.vin = earlier.vin and lost.month = earlier.month
left join calls
    on lost.store_code = calls.store_code and lost.vin = calls.vin and lost.month = calls.month;

create table marts.churn_callback_monthly as
select store_code, month, outcome, count(*) as callbacks from churn_callbacks group by all;

create table marts.churn_reason_monthly as
with completed as (
    select store_code, month, count(*) as calls from churn_callbacks where outcome = 'completed' group by all
)

, reasons as (
    select store_code, month, reason, count(distinct vin) as vehicles
    from churn_callbacks
    where outcome = 'completed' and reason is not null
    group by all
)

select store_code, month, reason, vehicles, ratio(vehicles, calls) as share
from reasons
inner join completed using (store_code, month);
