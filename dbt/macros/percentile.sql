{# Percentile p (0–1) of the known values, interpolated linearly, as a double. #}
{% macro percentile(expr, p) -%}
    cast(percentile_cont({{ p }}) within group (order by cast({{ expr }} as double)) as double)
{%- endmacro %}
