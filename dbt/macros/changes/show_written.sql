{#
    Runs after a view with `meta.shows`, which selects columns of one model row by row: in an incremental run,
    `written.<view>` shows what was written of that model.
#}
{% macro show_written() %}
    {%- if builds_changes() and config.get('meta', {}).get('shows') %}
        {%- set shown = config.get('meta').get('shows') %}
        {%- if ref(shown) | string not in model.compiled_code %}
            {{ exceptions.raise_compiler_error(this.name ~ " shows " ~ shown ~ " but does not read it: correct meta.shows") }}
        {%- endif %}
        create or replace view {{ written(this.name) }} as
        {{ model.compiled_code | replace(ref(shown) | string, ref(shown).database ~ '.' ~ written(shown)) }}
    {%- endif -%}
{% endmacro %}
