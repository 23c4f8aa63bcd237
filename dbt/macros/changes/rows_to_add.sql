{#
    What a model of sums adds up, each row with how often it counts (`copies`). Whole: all rows of a model, once. By
    changes: those that differ, which change the sums that stand; as they are they count 1, as they were -1.
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
