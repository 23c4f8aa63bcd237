-- Grain: one row per store, month and item that the agency prints, with the scores of the store's region and the
-- nation.
with regions as (
    select
        period,
        scope_code,
        item_code,
        sample_size,
        score
    from {{ ref('stg_survey__css_benchmarks') }}
    where scope = 'region'
),

nation as (
    select
        period,
        item_code,
        sample_size,
        score
    from {{ ref('stg_survey__css_benchmarks') }}
    where scope = 'national' and scope_code = 'CN'
),

printed as (
    select
        period,
        item_code
    from regions
    union
    select
        period,
        item_code
    from nation
)

select
    stores.store_code,
    printed.period as month,
    printed.item_code,
    cast(regions.score as double) as region_score,
    regions.sample_size as region_sample_size,
    cast(nation.score as double) as national_score,
    nation.sample_size as national_sample_size
from {{ ref('dim_store') }} as stores
cross join printed
left join regions
    on
        stores.region_code = regions.scope_code
        and printed.period = regions.period
        and printed.item_code = regions.item_code
left join nation
    on
        printed.period = nation.period
        and printed.item_code = nation.item_code
