-- Grain: one row per answer of a questionnaire.
{{ config(
    unique_key=['response_no'],
    meta={'affected_by': ['stg_dms__customers']},
    pre_hook=also_affected("
        select answers.response_no
        from {{ ref('int_css_answer') }} as answers
        inner join {{ changed_values('stg_dms__customers', ['store_code', 'customer_no'], ['birth_year']) }} as customers
            on
                answers.store_code = customers.store_code
                and answers.customer_no = customers.customer_no
    ")
) }}
with answers as {{ computed_once() }} (
    select
        response_no,
        item_code,
        store_code,
        month,
        repair_order_no,
        advisor_no,
        customer_no,
        vin,
        score,
        source_file,
        source_line
    from {{ ref('int_css_answer') }}
    where {{ is_affected() }}
),

customers as (
    select
        store_code,
        customer_no,
        birth_year
    from {{ ref('stg_dms__customers') }}
    {{ where_named_by('answers', ['store_code', 'customer_no']) }}
)

select
    answers.response_no,
    answers.item_code,
    answers.store_code,
    answers.month,
    answers.repair_order_no,
    answers.advisor_no,
    {{ customer_key('answers') }} as customer_key,
    {{ vehicle_key('answers') }} as vehicle_key,
    {{ age_band('extract(year from answers.month) - customers.birth_year') }} as age_band,
    cast(answers.score as double) as score,
    answers.source_file,
    answers.source_line
from answers
{{ join_customer_key('answers') }}
left join customers
    on
        answers.store_code = customers.store_code
        and answers.customer_no = customers.customer_no
{{ join_vehicle_key('answers') }}
