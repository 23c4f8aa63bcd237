{#
    The rows of a model in which a model of keys (`meta.is_constant`) finds the keys that are named. Incremental run:
    new rows that name an affected key. Where a row that named a key no longer does, another row may still name it, so
    all rows of that key are looked up.
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
