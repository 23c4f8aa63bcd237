{#
    The tables and views of a schema, in the form of `show table extended`, which Spark does not support for Iceberg
    tables. dbt's own fallback would describe each table, and would not find views.
#}
{% macro spark__list_relations_without_caching(schema_relation) %}
    {%- set relations = [] -%}
    {%- for kind, information in [('tables', 'Provider: iceberg'), ('views', 'Type: VIEW')] -%}
        {%- for row in run_query('show ' ~ kind ~ ' in ' ~ schema_relation.schema).rows -%}
            {%- do relations.append((row[0], row[1], row[2], information)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {% do return(relations) %}
{% endmacro %}
