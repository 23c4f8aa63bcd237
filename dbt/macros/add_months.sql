{# t + n months as a TIMESTAMP: keeps day and time, or takes the last day of a month that is too short for the day. #}
{% macro add_months(ts, n) -%}
    {{ adapter.dispatch('add_months')(ts, n) }}
{%- endmacro %}

{% macro default__add_months(ts, n) -%}
    (cast({{ ts }} as timestamp) + interval ({{ n }}) month)
{%- endmacro %}

{% macro spark__add_months(ts, n) -%}
    (cast({{ ts }} as timestamp) + make_interval(0, {{ n }}))
{%- endmacro %}
