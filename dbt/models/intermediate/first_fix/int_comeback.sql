-- Grain: one row per repair order and concern that came back: another repair order of the same VIN, any store, with
-- the same concern, checked in within the window after delivery.
{{ config(
    unique_key=['vin'],
    meta={'affected_by': ['stg_dms__repair_order_lines']},
    pre_hook=also_affected("
        select repair_orders.vin
        from {{ ref('int_repair_order') }} as repair_orders
        inner join {{ changed('stg_dms__repair_order_lines') }} as job_lines
            on
                repair_orders.store_code = job_lines.store_code
                and repair_orders.repair_order_no = job_lines.repair_order_no
    ")
) }}
with concerns as (
    select distinct
        repair_orders.store_code,
        repair_orders.repair_order_no,
        repair_orders.vin,
        job_lines.concern,
        repair_orders.checked_in_at,
        repair_orders.delivered_at,
        repair_orders.odometer_km
    from {{ ref('int_repair_order') }} as repair_orders
    inner join {{ ref('stg_dms__repair_order_lines') }} as job_lines
        on
            repair_orders.store_code = job_lines.store_code
            and repair_orders.repair_order_no = job_lines.repair_order_no
    where trim(job_lines.concern) <> '' and {{ is_affected(['repair_orders.vin']) }}
),

comebacks as (
    select
        repaired.store_code,
        repaired.repair_order_no,
        repaired.vin,
        repaired.concern,
        later.store_code as comeback_store_code,
        later.repair_order_no as comeback_repair_order_no,
        row_number() over (
            partition by repaired.store_code, repaired.repair_order_no, repaired.concern
            order by later.checked_in_at, later.store_code, later.repair_order_no
        ) as comeback_number
    from concerns as repaired
    -- equal VIN and concern make it a hash join; the window filters inside a vehicle's few visits
    inner join concerns as later
        on
            repaired.vin = later.vin
            and repaired.concern = later.concern
            and repaired.delivered_at < later.checked_in_at
            and {{ add_days('repaired.delivered_at', var('comeback_days')) }} >= later.checked_in_at
    where
        (repaired.store_code <> later.store_code or repaired.repair_order_no <> later.repair_order_no)
        -- an unknown odometer on either side leaves the time window to decide
        and coalesce(later.odometer_km - repaired.odometer_km <= {{ var('comeback_km') }}, true)
)

select
    store_code,
    repair_order_no,
    vin,
    concern,
    comeback_store_code,
    comeback_repair_order_no
from comebacks
where comeback_number = 1
