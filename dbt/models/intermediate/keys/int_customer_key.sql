-- Grain: one row per customer number of a store that any dataset names, including customers who are not on file.
{{ config(unique_key=['store_code', 'customer_no'], meta={'is_constant': true}) }}
with customer_numbers as (
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_dms__customers') }}
    union
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_dms__vehicles') }}
    union
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_dms__repair_orders') }}
    union
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_dms__appointments') }}
    union
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_survey__callbacks') }}
    union
    select
        store_code,
        customer_no
    from {{ rows_naming('stg_complaint__cases') }}
),

secret as (
    select hash_key
    from {{ source('lake', 'hash_key') }}
)

select
    customer_numbers.store_code,
    customer_numbers.customer_no,
    {{ hash_of_customer('customer_numbers', 'secret.hash_key') }} as customer_key
from customer_numbers
cross join secret
where customer_numbers.customer_no is not null
