{#
    The rows of a model in which a model of keys (`meta.is_constant`) finds what is named. By changes: of keys that a new
    row names, that row; where a key is named no longer by the row that named it, another row may still, and is looked up.
#}
{% macro rows_naming(model_name) %}
    {%- set rows = ref(model_name) -%}
    {%- if not builds_changes() -%}
        {{ rows }}
    {%- else -%}
        {%- set unit = comma_separated(config.get('unique_key')) -%}
        (
            select {{ unit }}
            from {{ changed(model_name) }}
            where is_new and {{ is_affected() }}
            union all
            select {{ unit }}
            from {{ rows }}
            where ({{ unit }}) in (select {{ unit }} from {{ affected(this.name) }} where is_named_no_longer)
        )
    {%- endif -%}
{% endmacro %}
