-- Grain: one row per store, month, channel and topic with a case; a blank topic is a row too.
with cases as (
    select
        store_code,
        month,
        channel,
        coalesce(topic, '') as topic
    from {{ ref('int_case') }}
)

select
    store_code,
    month,
    channel,
    topic,
    count(*) as cases
from cases
group by 1, 2, 3, 4
