-- Grain: one row per customer of a store's files.
with customers as (
    select
        store_code,
        customer_no,
        customer_type,
        gender,
        occupation,
        registered_on,
        source_file,
        source_line,
        extract(year from {{ as_of() }}) - birth_year as age
    from {{ ref('stg_dms__customers') }}
)

select
    customer_keys.customer_key,
    customers.customer_type,
    customers.gender,
    {{ age_band('customers.age') }} as age_band,
    {{ mask_personal('customers.occupation') }} as occupation,
    customers.store_code as home_store_code,
    customers.registered_on,
    customers.source_file,
    customers.source_line
from customers
inner join {{ ref('int_customer_key') }} as customer_keys
    on
        customers.store_code = customer_keys.store_code
        and customers.customer_no = customer_keys.customer_no
