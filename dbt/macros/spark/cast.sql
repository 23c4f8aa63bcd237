{# The cast that dbt compares contracts with: Spark requires a length for `varchar`; its text type is `string`. #}
{% macro spark__cast(expression, data_type) %}
    {%- set type = 'string' if data_type == 'varchar' else data_type -%}
    cast({{ expression }} as {{ type }})
{%- endmacro %}
