-- Why: any score must be traceable to the rows it was made from; the fact must reproduce the mart's figures.
-- An incremental run tests the stores and months in which a row of either differs.
{{ config(meta={'dagster': {'ref': {'name': 'css_store_monthly'}}}) }}

{% set judged -%}
    {% if builds_changes() -%}
        (store_code, month) in (
            select store_code, month from {{ changed('css_store_monthly') }}
            union all
            select store_code, month from {{ changed('fct_css_answer') }}
        )
    {%- else -%}
        true
    {%- endif %}
{%- endset %}

with from_fact as (
    select
        store_code,
        month,
        count(distinct response_no) as sample_size,
        avg(case when item_code = 'overall' then score end) as css_score
    from {{ ref('fct_css_answer') }}
    where score is not null and {{ judged }}
    group by store_code, month
),

from_mart as (
    select
        store_code,
        month,
        sample_size,
        css_score
    from {{ ref('css_store_monthly') }}
    where {{ judged }}
)

select
    coalesce(from_mart.store_code, from_fact.store_code) as store_code,
    coalesce(from_mart.month, from_fact.month) as month,
    from_mart.sample_size,
    from_fact.sample_size as sample_size_from_fact
from from_mart
full outer join from_fact
    on
        from_mart.store_code = from_fact.store_code
        and from_mart.month = from_fact.month
where
    from_mart.sample_size is distinct from from_fact.sample_size
    or (from_mart.css_score is null) <> (from_fact.css_score is null)
    or abs(from_mart.css_score - from_fact.css_score) > 0.000000001
