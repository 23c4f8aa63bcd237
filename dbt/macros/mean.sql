{# Mean of the known values. The sum is taken over exact decimals, so row order cannot change its bits. #}
{% macro mean(expr) -%}
    (cast(sum({{ expr }}) as double) / nullif(count({{ expr }}), 0))
{%- endmacro %}
