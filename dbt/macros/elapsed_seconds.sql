{# Seconds from a to b with their fractions, not the number of boundaries crossed; negative when b is earlier. #}
{% macro elapsed_seconds(a, b) -%}
    {{ adapter.dispatch('elapsed_seconds')(a, b) }}
{%- endmacro %}

{% macro default__elapsed_seconds(a, b) -%}
    (cast(date_diff('microsecond', cast({{ a }} as timestamp), cast({{ b }} as timestamp)) as double) / 1000000)
{%- endmacro %}

{% macro spark__elapsed_seconds(a, b) -%}
    (cast(timestampdiff(microsecond, cast({{ a }} as timestamp), cast({{ b }} as timestamp)) as double) / 1000000)
{%- endmacro %}
