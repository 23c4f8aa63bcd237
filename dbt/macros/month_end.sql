{# Last day of the month as a DATE. #}
{% macro month_end(month) -%}
    cast(last_day({{ month }}) as date)
{%- endmacro %}
