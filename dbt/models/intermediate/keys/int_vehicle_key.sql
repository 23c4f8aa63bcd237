-- Grain: one row per VIN, wherever it is named (also vehicles without a file of their own).
{{ config(unique_key=['vin'], meta={'is_constant': true}) }}
with vins as (
    select vin
    from {{ ref('stg_dms__vehicles') }}
    where {{ is_affected() }}
    union
    select vin
    from {{ ref('stg_dms__repair_orders') }}
    where {{ is_affected() }}
    union
    select vin
    from {{ ref('stg_dms__appointments') }}
    where {{ is_affected() }}
    union
    select vin
    from {{ ref('stg_survey__churn_callbacks') }}
    where {{ is_affected() }}
    union
    select vin
    from {{ ref('stg_complaint__cases') }}
    where {{ is_affected() }}
),

secret as (
    select hash_key
    from {{ source('lake', 'hash_key') }}
)

select
    vins.vin,
    {{ keyed_hash('vins.vin', 'secret.hash_key') }} as vehicle_key
from vins
cross join secret
where vins.vin is not null
