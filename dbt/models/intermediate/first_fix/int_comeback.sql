-- Grain: one row per repair order and concern that came back: a repair order of the same VIN, at any store, has the
-- same concern and was checked in after this one was delivered, within the window.
{{ config(
    unique_key=['store_code', 'repair_order_no'],
    pre_hook=also_affected("
        -- repair orders for which a changed one can be the comeback
        select repaired.store_code, repaired.repair_order_no
        from (
            select vin, checked_in_at from {{ changed('int_repair_order') }}
            union
            select repair_orders.vin, repair_orders.checked_in_at
            from {{ ref('int_repair_order') }} as repair_orders
            inner join {{ changed_values(
                'stg_dms__repair_order_lines', ['store_code', 'repair_order_no'], ['concern']
            ) }} as job_lines
                on
                    repair_orders.store_code = job_lines.store_code
                    and repair_orders.repair_order_no = job_lines.repair_order_no
        ) as later
        inner join {{ ref('int_repair_order') }} as repaired
            on
                later.vin = repaired.vin
                and later.checked_in_at > repaired.delivered_at
                and {{ add_days('later.checked_in_at', -var('comeback_days')) }} <= repaired.delivered_at
    ")
) }}
with
{%- if builds_changes() %}
affected_orders as {{ computed_once() }} (
    select
        vin,
        checked_in_at,
        delivered_at
    from {{ ref('int_repair_order') }}
    where {{ is_affected() }}
),
{%- endif %}

repair_orders as {{ computed_once() }} (
    select
        store_code,
        repair_order_no,
        vin,
        checked_in_at,
        delivered_at,
        odometer_km
    from {{ ref('int_repair_order') }}
    {%- if builds_changes() %}
    -- the affected repair orders and the later ones of their vehicles
    where
        vin in (select affected_orders.vin from affected_orders)
        and checked_in_at >= (
            select min(least(affected_orders.checked_in_at, affected_orders.delivered_at)) from affected_orders
        )
    {%- endif %}
),

concerns as (
    select distinct
        repair_orders.store_code,
        repair_orders.repair_order_no,
        repair_orders.vin,
        job_lines.concern,
        repair_orders.checked_in_at,
        repair_orders.delivered_at,
        repair_orders.odometer_km
    from repair_orders
    inner join {{ ref('stg_dms__repair_order_lines') }} as job_lines
        on
            repair_orders.store_code = job_lines.store_code
            and repair_orders.repair_order_no = job_lines.repair_order_no
    where trim(job_lines.concern) <> ''
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
    -- joining on VIN and concern makes it a hash join; the window then filters a vehicle's few visits
    inner join concerns as later
        on
            repaired.vin = later.vin
            and repaired.concern = later.concern
            and repaired.delivered_at < later.checked_in_at
            and {{ add_days('repaired.delivered_at', var('comeback_days')) }} >= later.checked_in_at
            -- a delivery mistyped to before its own check-in must not make an earlier visit a comeback
            and repaired.checked_in_at < later.checked_in_at
    where
        {{ is_affected(['repaired.store_code', 'repaired.repair_order_no']) }}
        and (repaired.store_code <> later.store_code or repaired.repair_order_no <> later.repair_order_no)
        -- where either odometer is unknown, the time window alone decides
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
