{#
    What dbt's generic tests read. In an incremental run: the rows of the keys written in this run, or, of a view that
    computes, of its affected keys. All other rows were tested in earlier runs that published: a run that finds a fault
    does not publish, and the next run is a full refresh.
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
