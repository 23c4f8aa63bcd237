-- Grain: one row per customer of a store's files.
with customers as (
    select
        store_code,
        customer_no,
        customer_type,
        gender,
        occupation,
        extract(year from {{ as_of() }}) - birth_year as age
    from {{ ref('stg_dms__customers') }}
)

select
    customer_keys.customer_key,
    customers.customer_type,
    customers.gender,
    -- a negative age is unknown
    case
        when customers.age < 0 then null
        when customers.age < 30 then '<30'
        when customers.age < 40 then '30-39'
        when customers.age < 50 then '40-49'
        when customers.age >= 50 then '50+'
    end as age_band,
    customers.occupation,
    customers.store_code as home_store_code
from customers
inner join {{ ref('int_customer_key') }} as customer_keys
    on
        customers.store_code = customer_keys.store_code
        and customers.customer_no = customer_keys.customer_no
