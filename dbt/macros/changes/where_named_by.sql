{#
    Of a model's many rows, by changes, those that few rows name by the same columns: without, the engine would take in
    all of them to join them with the few. `columns` are the key that both are joined by.
#}
{% macro where_named_by(few_rows, columns) %}
    {%- if builds_changes() -%}
    where ({{ comma_separated(columns) }}) in (select {{ comma_separated(columns) }} from {{ few_rows }})
    {%- endif -%}
{% endmacro %}
