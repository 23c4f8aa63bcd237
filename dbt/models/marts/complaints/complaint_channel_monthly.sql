-- Grain: one row per store, month, channel and topic with a case; cases without a topic form a row too.
{{ config(unique_key=['store_code', 'month']) }}
with cases as (
    select
        store_code,
        month,
        channel,
        coalesce(topic, '') as topic
    from {{ ref('int_case') }}
    where {{ is_affected() }}
)

select
    store_code,
    month,
    channel,
    topic,
    count(*) as cases
from cases
group by 1, 2, 3, 4
