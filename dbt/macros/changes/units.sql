{#
    A model's unit is its `unique_key`: the rows with one value of it are computed together. In a run by changes
    `affected.<model>` holds the units that are computed again, `changed.<model>` the rows that differ: as they were
    (not is_new) and as they are (is_new), `written.<model>` all rows, as they are, of the units that hold one that differs.
#}
{% macro affected(model_name) %}affected.{{ model_name }}{% endmacro %}

{% macro changed(model_name) %}changed.{{ model_name }}{% endmacro %}

{% macro written(model_name) %}written.{{ model_name }}{% endmacro %}

{% macro comma_separated(names) %}{{ names | join(', ') }}{% endmacro %}

{# Holds for rows of units that are computed now; `columns` are what the unit's columns are called where it is asked. #}
{% macro is_affected(columns=none) %}
    {%- if builds_changes() -%}
        ({{ comma_separated(columns or config.get('unique_key')) }})
        in (select {{ comma_separated(config.get('unique_key')) }} from {{ affected(this.name) }})
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}

{#
    The same for a unit of store and month, or for the month before one: what figures are compared with. One list of
    months, which the engine compares with the least and greatest of each part of a table.
#}
{% macro is_affected_or_before() %}
    {%- if builds_changes() -%}
        (store_code, month) in (
            select store_code, month from {{ affected(this.name) }}
            union
            select store_code, cast({{ add_months('month', -1) }} as date) from {{ affected(this.name) }}
        )
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}

{#
    The keys in a model of which a value of `columns` differs, and those that came or went: for a model of which many
    rows come again with nothing new but their file. `is_new` tells those of rows as they are from those as they were.
#}
{% macro changed_values(model_name, key, columns) %}
    (
        select {{ comma_separated(key) }}, bool_or(is_new) as is_new
        from {{ changed(model_name) }}
        group by {{ comma_separated(key + columns) }}
        -- on one side only
        having bool_or(is_new) = bool_and(is_new)
    )
{% endmacro %}

{# The unit of the month after each changed row's: the one that compares itself with it. #}
{% macro in_following_months(model_name) %}
    {% do return(also_affected(
        "select store_code, cast({{ add_months('month', 1) }} as date) from {{ changed('" ~ model_name ~ "') }}"
    )) %}
{% endmacro %}

{# The business date of the build before this one. #}
{% macro as_of_before() %}(select built_before.as_of from lake.built_before){% endmacro %}
