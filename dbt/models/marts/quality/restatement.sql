-- Grain: one row per publishing, mart, store, closed month and measure that changed. A view over what publishing
-- writes into the lake just before it, so that a change is published with the figure it explains.
{{ config(materialized='view') }}

select
    published_at,
    mart,
    store_code,
    month,
    column_name as {{ adapter.quote('column') }},
    value_before,
    value_after
from {{ source('lake', 'restatement') }}
