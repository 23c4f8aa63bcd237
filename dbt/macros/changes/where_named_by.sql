{#
    In an incremental run, restricts a model with many rows to those that `few_rows` name by the same columns; otherwise
    the engine would read all rows to join them with the few. `columns` are the columns of the join.
#}
{% macro where_named_by(few_rows, columns) %}
    {%- if builds_changes() -%}
    where ({{ comma_separated(columns) }}) in (select {{ comma_separated(columns) }} from {{ few_rows }})
    {%- endif -%}
{% endmacro %}
