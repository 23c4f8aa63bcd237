-- Grain: one row per rejected row: rejected while loading, or parsed but of a store that is unknown now.
with rejected_while_loading as (
    select
        rejected_rows.system,
        rejected_rows.dataset,
        rejected_rows.source_file,
        rejected_rows.source_line,
        case
            -- Rows of dms/stores define which stores are known, so they cannot name an unknown one.
            when
                rejected_rows.store_code is not null
                and stores.store_code is null
                and concat(rejected_rows.system, '/', rejected_rows.dataset) <> 'dms/stores'
                and rejected_rows.reasons not like '%unknown_store:store_code%'
                then concat(rejected_rows.reasons, '; unknown_store:store_code')
            else rejected_rows.reasons
        end as reasons,
        rejected_rows.row_masked
    from {{ source('lake', 'rejected_rows') }} as rejected_rows
    left join {{ ref('stg_dms__stores') }} as stores
        on rejected_rows.store_code = stores.store_code
),

rejected as (
    select
        system,
        dataset,
        source_file,
        source_line,
        reasons,
        row_masked
    from rejected_while_loading
    union all
    select
        system,
        dataset,
        source_file,
        source_line,
        'unknown_store:store_code' as reasons,
        row_masked
    from {{ ref('int_unknown_store_row') }}
)

select
    system,
    dataset,
    source_file as file,
    source_line as line,
    reasons,
    row_masked as row
from rejected
