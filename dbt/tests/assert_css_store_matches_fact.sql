-- Why: any score must be traceable to the rows it was made from; the fact has to give the mart's figures back.
{{ config(meta={'dagster': {'ref': {'name': 'css_store_monthly'}}}) }}

with from_fact as (
    select
        store_code,
        month,
        count(distinct response_no) as sample_size,
        avg(case when item_code = 'overall' then score end) as css_score
    from {{ ref('fct_css_answer') }}
    where score is not null
    group by store_code, month
)

select
    coalesce(stores.store_code, from_fact.store_code) as store_code,
    coalesce(stores.month, from_fact.month) as month,
    stores.sample_size,
    from_fact.sample_size as sample_size_from_fact
from {{ ref('css_store_monthly') }} as stores
full outer join from_fact
    on
        stores.store_code = from_fact.store_code
        and stores.month = from_fact.month
where
    stores.sample_size is distinct from from_fact.sample_size
    or round(stores.css_score, 9) is distinct from round(from_fact.css_score, 9)
