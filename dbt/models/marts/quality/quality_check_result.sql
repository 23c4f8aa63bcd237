-- Grain: one row per run, system, dataset and check, with its result. A view, so that a run's results are visible at
-- once.
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
