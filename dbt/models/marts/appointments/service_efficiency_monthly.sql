-- Grain: one row per store and month with a repair order.
{{ config(unique_key=['store_code', 'month']) }}
with repair_orders as (
    select
        store_code,
        month,
        count(*) as repair_orders,
        {{ percentile('stay_hours', 0.5) }} as stay_hours_median,
        {{ percentile('stay_hours', 0.9) }} as stay_hours_p90,
        count(*) filter (where is_promised) as promised,
        count(*) filter (where is_on_time_delivery) as on_time_deliveries,
        count(*) filter (where is_quoted) as quoted,
        count(*) filter (where is_within_quote) as within_quote,
        coalesce(cast(sum(labour_amount) as double), 0) as labour_amount,
        coalesce(cast(sum(parts_amount) as double), 0) as parts_amount,
        coalesce(cast(sum(total_amount) as double), 0) as total_amount
    from {{ ref('int_repair_order') }}
    where {{ is_affected() }}
    group by 1, 2
),

job_lines as (
    select
        store_code,
        month,
        cast(sum(labour_hours) as double) as labour_hours
    from {{ ref('int_job_line') }}
    where {{ is_affected() }}
    group by 1, 2
)

select
    repair_orders.store_code,
    repair_orders.month,
    repair_orders.repair_orders,
    repair_orders.stay_hours_median,
    repair_orders.stay_hours_p90,
    repair_orders.promised,
    repair_orders.on_time_deliveries,
    {{ ratio('repair_orders.on_time_deliveries', 'repair_orders.promised') }} as on_time_delivery_rate,
    {{ wilson_low('repair_orders.on_time_deliveries', 'repair_orders.promised') }} as on_time_delivery_rate_low,
    {{ wilson_high('repair_orders.on_time_deliveries', 'repair_orders.promised') }} as on_time_delivery_rate_high,
    repair_orders.quoted,
    repair_orders.within_quote,
    {{ ratio('repair_orders.within_quote', 'repair_orders.quoted') }} as within_quote_rate,
    {{ wilson_low('repair_orders.within_quote', 'repair_orders.quoted') }} as within_quote_rate_low,
    {{ wilson_high('repair_orders.within_quote', 'repair_orders.quoted') }} as within_quote_rate_high,
    repair_orders.labour_amount,
    repair_orders.parts_amount,
    repair_orders.total_amount,
    coalesce(job_lines.labour_hours, 0) as labour_hours,
    {{ ratio('repair_orders.total_amount', 'repair_orders.repair_orders') }} as revenue_per_repair_order
from repair_orders
left join job_lines
    on
        repair_orders.store_code = job_lines.store_code
        and repair_orders.month = job_lines.month
