{# Week of the month: days 1–7, 8–14, 15–21 and 22–end are weeks 1 to 4. #}
{% macro week_of_month(ts) -%}
    cast(
        case
            when extract(day from {{ ts }}) <= 7 then 1
            when extract(day from {{ ts }}) <= 14 then 2
            when extract(day from {{ ts }}) <= 21 then 3
            else 4
        end as bigint
    )
{%- endmacro %}
