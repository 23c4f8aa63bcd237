{# Keyed hash of a text: 32 hexadecimal characters; without the key nobody can test guesses. Null stays null. #}
{% macro keyed_hash(value_expr, key_expr) -%}
    {{ adapter.dispatch('keyed_hash')(value_expr, key_expr) }}
{%- endmacro %}

{% macro default__keyed_hash(value_expr, key_expr) -%}
    substr(sha256({{ key_expr }} || sha256({{ key_expr }} || {{ value_expr }})), 1, 32)
{%- endmacro %}

{% macro spark__keyed_hash(value_expr, key_expr) -%}
    substr(sha2({{ key_expr }} || sha2({{ key_expr }} || {{ value_expr }}, 256), 256), 1, 32)
{%- endmacro %}
