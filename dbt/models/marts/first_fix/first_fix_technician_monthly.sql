-- Grain: one row per store, technician and month with a repair.
{{ config(
    unique_key=['store_code', 'month'],
    pre_hook=[
        also_affected("
            select store_code, month
            from {{ this }}
            where is_final <> {{ is_final_first_fix('month') }}
        "),
    ]
) }}
with counts as (
    select
        store_code,
        technician_no,
        month,
        count(*) as repairs,
        count(*) filter (where is_recorded_not_fixed) as recorded_not_fixed,
        count(*) filter (where is_inferred_not_fixed) as inferred_not_fixed,
        count(*) filter (where is_not_fixed) as not_fixed
    from {{ ref('int_repair') }}
    where {{ is_affected() }}
    group by 1, 2, 3
)

select
    store_code,
    technician_no,
    month,
    repairs,
    recorded_not_fixed,
    inferred_not_fixed,
    not_fixed,
    {{ ratio('not_fixed', 'repairs') }} as not_fixed_rate,
    {{ wilson_low('not_fixed', 'repairs') }} as not_fixed_rate_low,
    {{ wilson_high('not_fixed', 'repairs') }} as not_fixed_rate_high,
    {{ ratio('(repairs - not_fixed)', 'repairs') }} as first_fix_rate,
    {{ wilson_low('(repairs - not_fixed)', 'repairs') }} as first_fix_rate_low,
    {{ wilson_high('(repairs - not_fixed)', 'repairs') }} as first_fix_rate_high,
    {{ is_final_first_fix('month') }} as is_final
from counts
