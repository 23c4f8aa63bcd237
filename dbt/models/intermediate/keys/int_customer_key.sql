-- Grain: one row per customer number of a store, wherever it is named (also customers without a file of their own).
{{ config(unique_key=['store_code', 'customer_no'], meta={'is_constant': true}) }}
with customer_numbers as (
    select
        store_code,
        customer_no
    from {{ ref('stg_dms__customers') }}
    where {{ is_affected() }}
    union
    select
        store_code,
        customer_no
    from {{ ref('stg_dms__vehicles') }}
    where {{ is_affected() }}
    union
    select
        store_code,
        customer_no
    from {{ ref('stg_dms__repair_orders') }}
    where {{ is_affected() }}
    union
    select
        store_code,
        customer_no
    from {{ ref('stg_dms__appointments') }}
    where {{ is_affected() }}
    union
    select
        store_code,
        customer_no
    from {{ ref('stg_survey__callbacks') }}
    where {{ is_affected() }}
    union
    select
        store_code,
        customer_no
    from {{ ref('stg_complaint__cases') }}
    where {{ is_affected() }}
),

secret as (
    select hash_key
    from {{ source('lake', 'hash_key') }}
)

select
    customer_numbers.store_code,
    customer_numbers.customer_no,
    {{ keyed_hash("customer_numbers.store_code || '|' || customer_numbers.customer_no", 'secret.hash_key') }}
        as customer_key
from customer_numbers
cross join secret
where customer_numbers.customer_no is not null
