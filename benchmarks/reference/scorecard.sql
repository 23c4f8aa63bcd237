-- The figures of the other marts side by side, and the scorecard. There are no targets and no mystery visits.
create table marts.kpi_monthly as
with told as (
    select store_code, month, 'mot_score' as kpi_code, mot_score as value, null as numerator, sample_size
    from marts.css_store_monthly
    union all
    select store_code, month, 'css_score', css_score, null, sample_size from marts.css_store_monthly
    union all
    select store_code, month, 'callback_delighted_rate', delighted_rate, delighted, callbacks
    from marts.callback_store_monthly
    union all
    select store_code, month, 'callback_disappointed_rate', disappointed_rate, disappointed, callbacks
    from marts.callback_store_monthly
    union all
    select store_code, month, 'nps', nps, null, nps_answers from marts.callback_store_monthly
    union all
    select store_code, month, 'complaint_rate', complaint_rate, complaints, repair_orders
    from marts.complaint_store_monthly
    union all
    select store_code, month, 'complaint_resolution_rate', resolution_rate, resolved, cases
    from marts.complaint_store_monthly
    union all
    select store_code, month, 'first_response_minutes', first_response_minutes_median, null, responded
    from marts.complaint_store_monthly
    union all
    select store_code, month, 'first_fix_rate', first_fix_rate, repairs - not_fixed, repairs
    from marts.first_fix_store_monthly
    union all
    select store_code, month, 'appointment_rate', appointment_rate, appointment_repair_orders, repair_orders
    from marts.appointment_store_monthly
    union all
    select
        store_code, month, 'proactive_appointment_rate', proactive_appointment_rate,
        proactive_appointment_repair_orders, repair_orders
    from marts.appointment_store_monthly
    union all
    select store_code, month, 'no_show_rate', no_show_rate, no_shows, kept + no_shows
    from marts.appointment_store_monthly
    union all
    select store_code, month, 'on_time_delivery_rate', on_time_delivery_rate, on_time_deliveries, promised
    from marts.service_efficiency_monthly
    union all
    select store_code, month, 'churn_rate', churn_rate, lost_vehicles, visited_vehicles
    from marts.churn_cohort_monthly
    where customer_type = 'all'
    union all
    select store_code, month, 'active_customers', active_customers, null, null from marts.customer_base_monthly
)

select store_code, month, kpi_code, value::double as value, numerator::bigint as numerator, sample_size
from told
inner join stores using (store_code);

create table marts.scorecard_monthly as
with kpis as (
    select kpi_code, direction, form, region_method
    from read_csv(getvariable('seeds') || '/kpis.csv', header = true)
)

, figures as (
    select figures.*, stores.region_code, kpis.direction, kpis.form, kpis.region_method
    from marts.kpi_monthly as figures
    inner join stores using (store_code)
    inner join kpis using (kpi_code)
)

, regions as (
    select
        region_code, month, kpi_code,
        case any_value(region_method)
            when 'pooled_counts' then ratio(sum(numerator), sum(sample_size))
            when 'weighted_mean' then
                sum(sample_size * value::decimal(18, 12))::double / sum(sample_size) filter (value is not null)
            else quantile_cont(value, 0.5)
        end as region_value
    from figures
    group by all
)

select
    figures.store_code, figures.month, figures.kpi_code, figures.value, null::double as target_value,
    before.value as previous_value, regions.region_value,
    rank() over (
        partition by figures.region_code, figures.month, figures.kpi_code
        order by round(if(figures.direction = 'up', -figures.value, figures.value), 9)
    ) as rank_in_region,
    figures.direction, 'no_target' as status,
    if(figures.form = 'count', null, coalesce(figures.sample_size, 0)) as sample_size,
    if(figures.form = 'count', false, coalesce(figures.sample_size, 0) < 30) as is_small_sample
from figures
left join figures as before
    on
        figures.store_code = before.store_code and figures.kpi_code = before.kpi_code
        and figures.month = before.month + interval 1 month
left join regions
    on
        figures.region_code = regions.region_code and figures.month = regions.month
        and figures.kpi_code = regions.kpi_code
where figures.value is not null;
