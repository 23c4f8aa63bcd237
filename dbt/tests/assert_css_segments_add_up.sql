-- Why: city tier and brand belong to the store, so where they are known their sample is the store's whole sample.
{{ config(meta={'dagster': {'ref': {'name': 'css_segment_monthly'}}}) }}

with segment_totals as (
    select
        store_code,
        month,
        segment,
        sum(sample_size) as sample_size
    from {{ ref('css_segment_monthly') }}
    where segment in ('city_tier', 'brand')
    group by store_code, month, segment
)

select
    stores.store_code,
    stores.month,
    segment_totals.segment,
    stores.sample_size,
    segment_totals.sample_size as sample_size_of_segment
from {{ ref('css_store_monthly') }} as stores
inner join segment_totals
    on
        stores.store_code = segment_totals.store_code
        and stores.month = segment_totals.month
where segment_totals.sample_size <> stores.sample_size
