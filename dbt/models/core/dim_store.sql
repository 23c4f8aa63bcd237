-- Grain: one row per store.
select
    store_code,
    store_name,
    region_code,
    region_name,
    city,
    city_tier,
    brand,
    opened_on
from {{ ref('stg_dms__stores') }}
