{#
    `with few_rows as {{ computed_once() }} (…)`: in an incremental run, makes the engine select the few affected rows
    before it joins them; DuckDB would join all rows first. Spark has no such keyword and does not need it.
#}
{% macro computed_once() -%}
    {%- if builds_changes() -%}{{ adapter.dispatch('computed_once')() }}{%- endif -%}
{%- endmacro %}

{% macro default__computed_once() %}materialized{% endmacro %}

{% macro spark__computed_once() %}{% endmacro %}
