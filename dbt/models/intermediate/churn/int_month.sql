-- Grain: one row per calendar month from 1900 to 2199: as far back as a store's first repair order can lie.
{{ config(meta={'is_constant': true}) }}
with digits as (
    select numbers.digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as numbers (digit)
),

offsets as (
    select thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as months_since
    from digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as ones
)

select cast({{ add_months("cast('1900-01-01' as date)", 'months_since') }} as date) as month
from offsets
where months_since < 3600
