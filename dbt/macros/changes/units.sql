{#
    The unit of an incremental run is a model's `unique_key`: rows with the same key are computed and replaced together.
    `affected.<model>` holds the affected keys, which are computed again; `changed.<model>` the rows that differ, as
    they were (not is_new) and as they are (is_new); `written.<model>` all current rows of the keys with a row that
    differs.
#}
{% macro affected(model_name) %}affected.{{ model_name }}{% endmacro %}

{% macro changed(model_name) %}changed.{{ model_name }}{% endmacro %}

{% macro written(model_name) %}written.{{ model_name }}{% endmacro %}

{% macro comma_separated(names) %}{{ names | join(', ') }}{% endmacro %}

{#
    The condition that a row's key is computed in this run; `columns`: names of the key's columns where the condition is
    used.
#}
{% macro is_affected(columns=none) %}
    {%- if builds_changes() -%}
        ({{ comma_separated(columns or config.get('unique_key')) }})
        in (select {{ comma_separated(config.get('unique_key')) }} from {{ affected(this.name) }})
    {%- else -%}
        true
    {%- endif -%}
{% endmacro %}

{#
    The same for a key of store and month, including the month before each affected one, which figures are compared
    with. It is one list of months, so that the engine can skip parts of a table by their lowest and highest month.
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
    The keys of a model for which a value of `columns` differs, and keys that were added or removed: for a model of
    which many rows arrive again with nothing new but their file. `is_new` distinguishes current rows from former ones.
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

{# A pre_hook: the month after that of each changed row is affected, as its figures are compared with that row. #}
{% macro in_following_months(model_name) %}
    {% do return(also_affected(
        "select store_code, cast({{ add_months('month', 1) }} as date) from {{ changed('" ~ model_name ~ "') }}"
    )) %}
{% endmacro %}

{# The business date of the build before this one. #}
{% macro as_of_before() %}(select built_before.as_of from lake.built_before){% endmacro %}
