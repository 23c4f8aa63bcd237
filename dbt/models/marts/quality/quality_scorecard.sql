-- Grain: one row per run, system, dataset and dimension. A view, so that a run's results are visible at once.
{{ config(materialized='view') }}

with sums as (
    select
        run_id,
        system,
        dataset,
        dimension,
        count(*) as checks,
        -- a check that did not run has not passed
        count(case when passed then 1 end) as passed,
        cast(coalesce(sum(evaluated), 0) as bigint) as evaluated,
        -- checks without a number of rows, such as those of the marts, pass or fail as a whole
        cast(coalesce(sum(case when evaluated is not null then failed end), 0) as bigint) as failed,
        min(owner) as owner
    from {{ ref('quality_check_result') }}
    group by 1, 2, 3, 4
)

select
    run_id,
    system,
    dataset,
    dimension,
    checks,
    passed,
    evaluated,
    failed,
    1 - {{ ratio('failed', 'evaluated') }} as score,
    owner
from sums
