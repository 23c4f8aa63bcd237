-- Grain: one row per VIN in the stores' files.
with ranked_vehicles as (
    -- several stores can hold one VIN: the latest extract tells what the vehicle is
    select
        vin,
        brand,
        model,
        sold_on,
        row_number() over (
            partition by vin
            order by extract_at desc, source_file desc, source_line desc, store_code desc
        ) as recency
    from {{ ref('stg_dms__vehicles') }}
)

select
    vehicle_keys.vehicle_key,
    {{ mask_personal('ranked_vehicles.brand') }} as brand,
    {{ mask_personal('ranked_vehicles.model') }} as model,
    ranked_vehicles.sold_on
from ranked_vehicles
inner join {{ ref('int_vehicle_key') }} as vehicle_keys
    on ranked_vehicles.vin = vehicle_keys.vin
where ranked_vehicles.recency = 1
