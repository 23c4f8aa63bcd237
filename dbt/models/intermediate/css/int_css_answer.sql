-- Grain: one row per answer of a questionnaire, with the customer and vehicle it is about.
-- They are those of the response's repair order, even of a void one.
{{ config(
    unique_key=['response_no'],
    meta={'affected_by': ['stg_dms__repair_orders']},
    pre_hook=also_affected("
        select answers.response_no
        from {{ ref('stg_survey__css_responses') }} as answers
        inner join {{ changed_values(
            'stg_dms__repair_orders', ['store_code', 'repair_order_no'], ['customer_no', 'vin']
        ) }} as repair_orders
            on
                answers.store_code = repair_orders.store_code
                and answers.repair_order_no = repair_orders.repair_order_no
    ")
) }}
select
    answers.response_no,
    answers.item_code,
    answers.store_code,
    answers.period as month,
    answers.repair_order_no,
    answers.advisor_no,
    answers.score,
    repair_orders.customer_no,
    repair_orders.vin,
    answers.source_file,
    answers.source_line
from {{ ref('stg_survey__css_responses') }} as answers
left join {{ ref('stg_dms__repair_orders') }} as repair_orders
    on
        answers.store_code = repair_orders.store_code
        and answers.repair_order_no = repair_orders.repair_order_no
where {{ is_affected(['answers.response_no']) }}
