-- Grain: one row per store.
select
    store_code,
    {{ mask_personal('store_name') }} as store_name,
    region_code,
    {{ mask_personal('region_name') }} as region_name,
    {{ mask_personal('city') }} as city,
    city_tier,
    {{ mask_personal('brand') }} as brand,
    opened_on
from {{ ref('stg_dms__stores') }}
