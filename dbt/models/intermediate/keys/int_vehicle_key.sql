-- Grain: one row per VIN that any dataset names, including vehicles that are not on file.
{{ config(unique_key=['vin'], meta={'is_constant': true}) }}
with vins as (
    select vin
    from {{ rows_naming('stg_dms__vehicles') }}
    union
    select vin
    from {{ rows_naming('stg_dms__repair_orders') }}
    union
    select vin
    from {{ rows_naming('stg_dms__appointments') }}
    union
    select vin
    from {{ rows_naming('stg_survey__churn_callbacks') }}
    union
    select vin
    from {{ rows_naming('stg_complaint__cases') }}
),

secret as (
    select hash_key
    from {{ source('lake', 'hash_key') }}
)

select
    vins.vin,
    {{ hash_of_vehicle('vins', 'secret.hash_key') }} as vehicle_key
from vins
cross join secret
where vins.vin is not null
