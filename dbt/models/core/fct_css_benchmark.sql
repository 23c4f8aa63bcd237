-- Grain: one row per month, scope, scope code and item of the survey agency's printed results.
select
    period as month,
    scope,
    scope_code,
    item_code,
    cast(sample_size as bigint) as sample_size,
    cast(score as double) as score,
    source_file,
    source_line
from {{ ref('stg_survey__css_benchmarks') }}
