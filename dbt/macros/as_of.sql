{#
    The business date as a DATE: var `as_of`, else AFTERSALES_AS_OF, else today in Asia/Shanghai. The environment is
    read only when a model is run: dbt parses a file again when an environment variable that it read while parsing has
    changed.
#}
{% macro as_of() -%}
    {%- set today = modules.datetime.datetime.now(modules.pytz.timezone('Asia/Shanghai')).date() -%}
    {%- set given = var("as_of", none) or (env_var("AFTERSALES_AS_OF", "") if execute) -%}
    cast('{{ given or today }}' as date)
{%- endmacro %}
