{#
    Schemas are named as in the project file, without the target's schema as a prefix; published tables share one
    schema.
#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema if custom_schema_name is none or target.name == 'published' else custom_schema_name | trim }}
{%- endmacro %}
