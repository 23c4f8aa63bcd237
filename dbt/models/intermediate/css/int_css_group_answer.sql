-- Grain: one row per known answer and group it counts in: its store, its advisor, and each segment with a known value.
-- An incremental run restricts it to affected stores and months here, because the engine does not push such a filter
-- below the expansion to eight rows per answer.
{{ config(
    unique_key=['store_code', 'month'],
    meta={'affected_by': ['dim_store', 'stg_dms__customers']},
    pre_hook=[
        also_affected("
            select answers.store_code, answers.month
            from {{ ref('int_css_answer') }} as answers
            inner join {{ changed_values('dim_store', ['store_code'], ['city_tier', 'brand']) }} as stores
                on answers.store_code = stores.store_code
        "),
        also_affected("
            select answers.store_code, answers.month
            from {{ ref('int_css_answer') }} as answers
            inner join {{ changed_values(
                'stg_dms__customers',
                ['store_code', 'customer_no'],
                ['gender', 'birth_year', 'customer_type', 'occupation']
            ) }} as customers
                on
                    answers.store_code = customers.store_code
                    and answers.customer_no = customers.customer_no
        "),
    ]
) }}
with customers as (
    select
        store_code,
        customer_no,
        gender,
        birth_year,
        customer_type,
        -- masked once per customer, not once per answer and group
        {{ mask_personal('occupation') }} as occupation
    from {{ ref('stg_dms__customers') }}
    {% if builds_changes() %}
    where (store_code, customer_no) in (
        select
            store_code,
            customer_no
        from {{ ref('int_css_answer') }}
        where {{ is_affected() }}
    )
    {% endif %}
),

known_answers as (
    select
        answers.response_no,
        answers.item_code,
        answers.store_code,
        answers.month,
        answers.advisor_no,
        answers.score,
        customers.gender,
        customers.occupation,
        customers.customer_type,
        stores.city_tier,
        stores.brand,
        extract(year from answers.month) - customers.birth_year as age
    from {{ ref('int_css_answer') }} as answers
    inner join {{ ref('dim_store') }} as stores
        on answers.store_code = stores.store_code
    left join customers
        on
            answers.store_code = customers.store_code
            and answers.customer_no = customers.customer_no
    where answers.score is not null and {{ is_affected(['answers.store_code', 'answers.month']) }}
),

groups as (
    select groups_in_use.grouping_name
    from (
        values
        ('store'),
        ('advisor'),
        ('age_band'),
        ('gender'),
        ('occupation'),
        ('customer_type'),
        ('city_tier'),
        ('brand')
    ) as groups_in_use (grouping_name)
),

grouped as (
    select
        known_answers.response_no,
        known_answers.item_code,
        known_answers.store_code,
        known_answers.month,
        known_answers.score,
        groups.grouping_name,
        case groups.grouping_name
            when 'store' then known_answers.store_code
            when 'advisor' then known_answers.advisor_no
            when 'gender' then known_answers.gender
            when 'occupation' then known_answers.occupation
            when 'customer_type' then known_answers.customer_type
            when 'city_tier' then known_answers.city_tier
            when 'brand' then known_answers.brand
            when 'age_band' then {{ age_band('known_answers.age') }}
        end as group_value
    from known_answers
    cross join groups
)

select
    response_no,
    item_code,
    store_code,
    month,
    grouping_name,
    group_value,
    score
from grouped
where group_value is not null
