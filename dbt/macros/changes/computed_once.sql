{#
    `with few_rows as {{ computed_once() }} (…)`: by changes, tells the engine to find the few affected rows before it joins
    them; DuckDB would join all first. Spark knows no such word, and finds them first by itself.
#}
{% macro computed_once() -%}
    {%- if builds_changes() -%}{{ adapter.dispatch('computed_once')() }}{%- endif -%}
{%- endmacro %}

{% macro default__computed_once() %}materialized{% endmacro %}

{% macro spark__computed_once() %}{% endmacro %}
