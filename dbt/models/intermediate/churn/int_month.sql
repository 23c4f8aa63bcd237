-- Grain: one row per calendar month of the years 1 to 9999, as a mistyped date can put a repair order into any of them.
{{ config(meta={'is_constant': true}) }}
with digits as (
    select numbers.digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as numbers (digit)
),

years as (
    select thousands.digit * 1000 + hundreds.digit * 100 + tens.digit * 10 + ones.digit as years_since
    from digits as thousands
    cross join digits as hundreds
    cross join digits as tens
    cross join digits as ones
),

offsets as (
    select years.years_since * 12 + months.months_since as months_since
    from years
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11)) as months (months_since)
    where years.years_since < 9999
)

select cast({{ add_months("cast('0001-01-01' as date)", 'months_since') }} as date) as month
from offsets
