{# t + n days as a TIMESTAMP. #}
{% macro add_days(ts, n) -%}
    {{ adapter.dispatch('add_days')(ts, n) }}
{%- endmacro %}

{% macro default__add_days(ts, n) -%}
    (cast({{ ts }} as timestamp) + interval ({{ n }}) day)
{%- endmacro %}

{% macro spark__add_days(ts, n) -%}
    (cast({{ ts }} as timestamp) + make_interval(0, 0, 0, {{ n }}))
{%- endmacro %}
