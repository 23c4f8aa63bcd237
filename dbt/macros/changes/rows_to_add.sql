{#
    The rows that a model of sums adds up, each with how often it counts (`copies`). Full refresh: all rows of a model,
    once. Incremental run: the rows that differ, which change the existing sums: new rows count 1, former rows -1.
#}
{% macro rows_to_add(model_name, columns) %}
    {%- set rows = ref(model_name) -%}
    (
        select
            {{ comma_separated(columns) }},
            {{ 'case when is_new then 1 else -1 end' if builds_changes() else 1 }} as copies
        from {{ changed(model_name) if builds_changes() else rows }}
    )
{% endmacro %}
