-- Grain: one row per VIN on file at a store.
{{ config(
    unique_key=['vehicle_key'],
    meta={'affected_by': ['stg_dms__vehicles']},
    pre_hook=also_affected("
        select {{ hash_of_vehicle('vehicles', secret()) }}
        from {{ changed('stg_dms__vehicles') }} as vehicles
    ")
) }}
with ranked_vehicles as (
    -- several stores can have the same VIN on file: the latest extract describes the vehicle
    select
        vehicle_keys.vehicle_key,
        vehicles.brand,
        vehicles.model,
        vehicles.sold_on,
        row_number() over (
            partition by vehicles.vin
            order by
                vehicles.extract_at desc,
                vehicles.source_file desc,
                vehicles.source_line desc,
                vehicles.store_code desc
        ) as recency
    from {{ ref('stg_dms__vehicles') }} as vehicles
    inner join {{ ref('int_vehicle_key') }} as vehicle_keys
        on vehicles.vin = vehicle_keys.vin
    where {{ is_affected(['vehicle_keys.vehicle_key']) }}
)

select
    vehicle_key,
    {{ mask_personal('brand') }} as brand,
    {{ mask_personal('model') }} as model,
    sold_on
from ranked_vehicles
where recency = 1
