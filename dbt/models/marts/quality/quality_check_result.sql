-- Grain: one row per run, dataset and check: what it found. A view, so that the results of a run show at once.
{{ config(materialized='view') }}

select
    run_id,
    system,
    dataset,
    check_name,
    dimension,
    severity,
    column_name,
    evaluated,
    failed,
    pass_rate,
    is_blocking,
    passed,
    run_at,
    owner
from {{ source('lake', 'check_results') }}
