-- Why: the scorecard repeats figures of other marts; each must be there and equal to the last digit.
{{ config(meta={'dagster': {'ref': {'name': 'scorecard_monthly'}}}) }}

{% set kpis = [
    ('mot_score', 'css_store_monthly', 'mot_score', 'true'),
    ('css_score', 'css_store_monthly', 'css_score', 'true'),
    ('mystery_score', 'mystery_store_monthly', 'score', "section_code = 'total'"),
    ('callback_delighted_rate', 'callback_store_monthly', 'delighted_rate', 'true'),
    ('callback_disappointed_rate', 'callback_store_monthly', 'disappointed_rate', 'true'),
    ('nps', 'callback_store_monthly', 'nps', 'true'),
    ('complaint_rate', 'complaint_store_monthly', 'complaint_rate', 'true'),
    ('complaint_resolution_rate', 'complaint_store_monthly', 'resolution_rate', 'true'),
    ('first_response_minutes', 'complaint_store_monthly', 'first_response_minutes_median', 'true'),
    ('first_fix_rate', 'first_fix_store_monthly', 'first_fix_rate', 'true'),
    ('appointment_rate', 'appointment_store_monthly', 'appointment_rate', 'true'),
    ('proactive_appointment_rate', 'appointment_store_monthly', 'proactive_appointment_rate', 'true'),
    ('no_show_rate', 'appointment_store_monthly', 'no_show_rate', 'true'),
    ('on_time_delivery_rate', 'service_efficiency_monthly', 'on_time_delivery_rate', 'true'),
    ('churn_rate', 'churn_cohort_monthly', 'churn_rate', "customer_type = 'all' and is_final"),
    ('active_customers', 'customer_base_monthly', 'active_customers', 'true'),
] %}
with mart_values as (
    {%- for kpi_code, mart, column_name, condition in kpis %}
        select
            store_code,
            month,
            '{{ kpi_code }}' as kpi_code,
            cast({{ column_name }} as double) as value
        from {{ ref(mart) }}
        where {{ condition }} and {{ column_name }} is not null
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

scorecard as (
    select
        store_code,
        month,
        kpi_code,
        value
    from {{ ref('scorecard_monthly') }}
    where value is not null
)

select
    coalesce(scorecard.store_code, mart_values.store_code) as store_code,
    coalesce(scorecard.month, mart_values.month) as month,
    coalesce(scorecard.kpi_code, mart_values.kpi_code) as kpi_code,
    scorecard.value as value_in_scorecard,
    mart_values.value as value_in_mart
from scorecard
full outer join mart_values
    on
        scorecard.store_code = mart_values.store_code
        and scorecard.month = mart_values.month
        and scorecard.kpi_code = mart_values.kpi_code
where scorecard.value is distinct from mart_values.value
