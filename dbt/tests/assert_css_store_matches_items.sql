-- Why: the report shows the MOT score and its items side by side; they must agree.
{{ config(meta={'dagster': {'ref': {'name': 'css_item_monthly'}}}) }}

with from_items as (
    select
        store_code,
        month,
        sum(contribution) / sum(weight) as mot_score
    from {{ ref('css_item_monthly') }}
    group by store_code, month
)

select
    coalesce(stores.store_code, from_items.store_code) as store_code,
    coalesce(stores.month, from_items.month) as month,
    stores.mot_score,
    from_items.mot_score as mot_score_from_items
from {{ ref('css_store_monthly') }} as stores
full outer join from_items
    on
        stores.store_code = from_items.store_code
        and stores.month = from_items.month
where
    (stores.mot_score is null) <> (from_items.mot_score is null)
    -- Not compared as rounded values: two almost equal values can round to different digits.
    or abs(stores.mot_score - from_items.mot_score) > 0.000000001
