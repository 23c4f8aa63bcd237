{# A fraction, null where the denominator is 0. #}
{% macro ratio(num, den) -%}
    (cast({{ num }} as double) / nullif(cast({{ den }} as double), 0))
{%- endmacro %}
