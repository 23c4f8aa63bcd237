-- Why: a row that is neither accepted, rejected nor superseded is lost, and nobody would notice.
-- Files with rows but without a load record fail too. A quarantined file that replaced a readable one keeps the rows
-- and counts of the previous version.
{{ config(meta={'dagster': {'ref': {'name': 'quality_rejected_row'}}}) }}

with parsed_files as (
    select
        system,
        dataset,
        source_file
    from {{ ref('int_accepted_row') }}
    union
    select
        system,
        dataset,
        source_file
    from {{ ref('int_superseded_row') }}
    union
    select
        system,
        dataset,
        file as source_file
    from {{ ref('quality_rejected_row') }}
)

select
    coalesce(loads.system, parsed_files.system) as system,
    coalesce(loads.dataset, parsed_files.dataset) as dataset,
    coalesce(loads.file, parsed_files.source_file) as file,
    loads.rows_read,
    loads.rows_accepted,
    loads.rows_rejected,
    loads.rows_superseded
from {{ ref('quality_load') }} as loads
full outer join parsed_files
    on
        loads.system = parsed_files.system
        and loads.dataset = parsed_files.dataset
        and loads.file = parsed_files.source_file
where
    loads.file is null
    or loads.rows_read is distinct from loads.rows_accepted + loads.rows_rejected + loads.rows_superseded
