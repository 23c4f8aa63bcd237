-- Grain: one row per day, from 2015 to the end of the year after the as-of date.
with digits as (
    select numbers.digit
    from (values (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) as numbers (digit)
),

day_numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit + 10000 * myriads.digit
            as day_number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as myriads
),

days as (
    select
        -- 2015-01-01 was a Thursday.
        (day_number + 3) % 7 + 1 as iso_day_of_week,
        cast({{ add_days("cast('2015-01-01' as date)", 'day_number') }} as date) as date_day
    from day_numbers
)

select
    date_day,
    {{ month_of('date_day') }} as month,
    {{ month_end('date_day') }} as month_end,
    cast(date_trunc('quarter', date_day) as date) as quarter_start,
    cast(extract(year from date_day) as bigint) as year_number,
    cast(extract(quarter from date_day) as bigint) as quarter_number,
    cast(extract(month from date_day) as bigint) as month_number,
    cast(extract(day from date_day) as bigint) as day_of_month,
    {{ week_of_month('date_day') }} as week_of_month,
    cast(iso_day_of_week as bigint) as iso_day_of_week,
    case iso_day_of_week
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        when 7 then 'Sunday'
    end as day_name,
    case iso_day_of_week
        when 1 then '星期一'
        when 2 then '星期二'
        when 3 then '星期三'
        when 4 then '星期四'
        when 5 then '星期五'
        when 6 then '星期六'
        when 7 then '星期日'
    end as day_name_zh,
    iso_day_of_week >= 6 as is_weekend,
    date_day = {{ as_of() }} as is_as_of
from days
where extract(year from date_day) <= extract(year from {{ as_of() }}) + 1
