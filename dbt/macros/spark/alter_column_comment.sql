{# dbt-spark would fetch what statements give that give no rows, which PyHive can't. #}
{% macro spark__alter_column_comment(relation, column_dict) %}
    {%- for column in column_dict.values() if column.description -%}
        {%- call statement() -%}
            alter table {{ relation }} alter column {{ adapter.quote(column.name) }}
            comment '{{ dbt.escape_single_quotes(column.description) }}'
        {%- endcall -%}
    {%- endfor -%}
{% endmacro %}
