-- Grain: one row per customer on file at a store.
{{ config(
    unique_key=['customer_key'],
    meta={'affected_by': ['stg_dms__customers'], 'dated_by': 'registered_on'},
    pre_hook=[
        also_affected("
            select {{ hash_of_customer('customers', secret()) }}
            from {{ changed('stg_dms__customers') }} as customers
        "),
        also_affected("
            select customer_key
            from {{ this }}
            where extract(year from {{ as_of() }}) <> extract(year from {{ as_of_before() }})
        "),
    ]
) }}
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
where {{ is_affected(['customer_keys.customer_key']) }}
