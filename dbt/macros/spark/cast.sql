{# What dbt compares contracts with: Spark wants a length of `varchar`, and calls texts `string`. #}
{% macro spark__cast(expression, data_type) %}
    {%- set type = 'string' if data_type == 'varchar' else data_type -%}
    cast({{ expression }} as {{ type }})
{%- endmacro %}
