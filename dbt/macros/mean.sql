{# Mean of the known values. The sum is over exact decimals, so the order of rows cannot change the result. #}
{% macro mean(expr) -%}
    (cast(sum({{ expr }}) as double) / nullif(count({{ expr }}), 0))
{%- endmacro %}
