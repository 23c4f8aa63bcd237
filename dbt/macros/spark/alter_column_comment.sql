{# dbt-spark would fetch the result of a statement that returns no rows, which PyHive cannot do. #}
{% macro spark__alter_column_comment(relation, column_dict) %}
    {%- for column in column_dict.values() if column.description -%}
        {%- call statement() -%}
            alter table {{ relation }} alter column {{ adapter.quote(column.name) }}
            comment '{{ dbt.escape_single_quotes(column.description) }}'
        {%- endcall -%}
    {%- endfor -%}
{% endmacro %}
