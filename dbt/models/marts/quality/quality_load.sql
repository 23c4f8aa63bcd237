-- Grain: one row per landed file, with how many of its rows are accepted, rejected and superseded now.
with rejected as (
    select
        system,
        dataset,
        file as source_file,
        count(*) as rows_rejected
    from {{ ref('quality_rejected_row') }}
    group by system, dataset, file
)

select
    loads.system,
    loads.dataset,
    loads.source_file as file,
    loads.extract_at,
    loads.rows_read,
    coalesce(accepted.rows_accepted, 0) as rows_accepted,
    coalesce(rejected.rows_rejected, 0) as rows_rejected,
    coalesce(superseded.rows_superseded, 0) as rows_superseded,
    loads.encoding,
    loads.status,
    loads.error
from {{ source('lake', 'loads') }} as loads
left join {{ ref('int_accepted_row') }} as accepted
    on
        loads.system = accepted.system
        and loads.dataset = accepted.dataset
        and loads.source_file = accepted.source_file
left join rejected
    on
        loads.system = rejected.system
        and loads.dataset = rejected.dataset
        and loads.source_file = rejected.source_file
left join {{ ref('int_superseded_row') }} as superseded
    on
        loads.system = superseded.system
        and loads.dataset = superseded.dataset
        and loads.source_file = superseded.source_file
