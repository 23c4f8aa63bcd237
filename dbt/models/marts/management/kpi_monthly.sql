-- Grain: one row per store, month and KPI that has a row in its own mart; the value may be unknown there.
-- It reads marts because it repeats figures and defines none. For a rate, `sample_size` is the denominator, so that
-- counts can be pooled.
with css as (
    select
        store_code,
        month,
        sample_size,
        mot_score,
        css_score
    from {{ ref('css_store_monthly') }}
),

mystery_visits as (
    -- The mart has scores only; the sample of a score is the visits with a check that counts in it.
    select
        store_code,
        {{ month_of('visited_on') }} as month,
        count(distinct visit_no) as visits
    from {{ ref('stg_survey__mystery_visits') }}
    where points is not null and max_points > 0
    group by 1, 2
),

mystery as (
    select
        scores.store_code,
        scores.month,
        scores.score,
        mystery_visits.visits
    from {{ ref('mystery_store_monthly') }} as scores
    inner join mystery_visits
        on
            scores.store_code = mystery_visits.store_code
            and scores.month = mystery_visits.month
    where scores.section_code = 'total'
),

callbacks as (
    select
        store_code,
        month,
        callbacks,
        delighted,
        delighted_rate,
        disappointed,
        disappointed_rate,
        nps,
        nps_answers
    from {{ ref('callback_store_monthly') }}
),

complaints as (
    select
        store_code,
        month,
        complaints,
        repair_orders,
        complaint_rate,
        cases,
        resolved,
        resolution_rate,
        responded,
        first_response_minutes_median
    from {{ ref('complaint_store_monthly') }}
),

first_fix as (
    select
        store_code,
        month,
        repairs,
        repairs - not_fixed as fixed,
        first_fix_rate
    from {{ ref('first_fix_store_monthly') }}
),

appointments as (
    select
        store_code,
        month,
        repair_orders,
        appointment_repair_orders,
        appointment_rate,
        proactive_appointment_repair_orders,
        proactive_appointment_rate,
        no_shows,
        kept + no_shows as expected_arrivals,
        no_show_rate
    from {{ ref('appointment_store_monthly') }}
),

deliveries as (
    select
        store_code,
        month,
        promised,
        on_time_deliveries,
        on_time_delivery_rate
    from {{ ref('service_efficiency_monthly') }}
),

churn as (
    select
        store_code,
        month,
        visited_vehicles,
        lost_vehicles,
        churn_rate
    from {{ ref('churn_cohort_monthly') }}
    where customer_type = 'all'
),

customer_base as (
    select
        store_code,
        month,
        active_customers
    from {{ ref('customer_base_monthly') }}
),

-- kpi_code, CTE, value, numerator of a rate, sample size
{% set kpis = [
    ('mot_score', 'css', 'mot_score', 'null', 'sample_size'),
    ('css_score', 'css', 'css_score', 'null', 'sample_size'),
    ('mystery_score', 'mystery', 'score', 'null', 'visits'),
    ('callback_delighted_rate', 'callbacks', 'delighted_rate', 'delighted', 'callbacks'),
    ('callback_disappointed_rate', 'callbacks', 'disappointed_rate', 'disappointed', 'callbacks'),
    ('nps', 'callbacks', 'nps', 'null', 'nps_answers'),
    ('complaint_rate', 'complaints', 'complaint_rate', 'complaints', 'repair_orders'),
    ('complaint_resolution_rate', 'complaints', 'resolution_rate', 'resolved', 'cases'),
    ('first_response_minutes', 'complaints', 'first_response_minutes_median', 'null', 'responded'),
    ('first_fix_rate', 'first_fix', 'first_fix_rate', 'fixed', 'repairs'),
    ('appointment_rate', 'appointments', 'appointment_rate', 'appointment_repair_orders', 'repair_orders'),
    (
        'proactive_appointment_rate', 'appointments', 'proactive_appointment_rate',
        'proactive_appointment_repair_orders', 'repair_orders'
    ),
    ('no_show_rate', 'appointments', 'no_show_rate', 'no_shows', 'expected_arrivals'),
    ('on_time_delivery_rate', 'deliveries', 'on_time_delivery_rate', 'on_time_deliveries', 'promised'),
    ('churn_rate', 'churn', 'churn_rate', 'lost_vehicles', 'visited_vehicles'),
    ('active_customers', 'customer_base', 'active_customers', 'null', 'null'),
] %}
kpi_values as (
    {%- for kpi_code, source_name, value, numerator, sample_size in kpis %}
        select
            store_code,
            month,
            '{{ kpi_code }}' as kpi_code,
            cast({{ value }} as double) as value,
            cast({{ numerator }} as bigint) as numerator,
            cast({{ sample_size }} as bigint) as sample_size
        from {{ source_name }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
)

select
    store_code,
    month,
    kpi_code,
    value,
    numerator,
    sample_size
from kpi_values
