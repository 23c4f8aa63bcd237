{#
    What dbt's tests of columns and keys read: by changes, the units written now; of a view that computes, those computed
    now. All else was tested in the run before, which published: a run that finds a fault does not, and the next one
    builds and tests whole.
#}
{% macro get_where_subquery(relation) %}
    {%- set tested = namespace(rows=relation) -%}
    {%- if builds_changes() -%}
        {%- for node in graph.nodes.values() if node.name == relation.identifier and node.config.unique_key -%}
            {%- if node.config.materialized != 'view' or node.config.meta.get('shows') -%}
                {%- set tested.rows = written(node.name) -%}
            {%- else -%}
                {%- set unit = comma_separated(node.config.unique_key) -%}
                {%- set tested.rows = '(select * from ' ~ relation ~ ' where (' ~ unit ~ ') in (select ' ~ unit
                    ~ ' from ' ~ affected(node.name) ~ '))' -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {% do return(default__get_where_subquery(tested.rows)) %}
{% endmacro %}
