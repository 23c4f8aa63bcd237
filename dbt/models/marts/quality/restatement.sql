-- Grain: one row per publishing, mart, store, closed month and measure that changed. A view, because each publishing
-- records its changes in the lake just before: a change is published together with the figure that it explains.
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
