{#
    The business date as a DATE: var `as_of`, else AFTERSALES_AS_OF, else today in Asia/Shanghai. The environment is asked
    only when a model is run: dbt reads every file anew that it asked for a variable with another value.
#}
{% macro as_of() -%}
    {%- set today = modules.datetime.datetime.now(modules.pytz.timezone('Asia/Shanghai')).date() -%}
    {%- set told = var("as_of", none) or (env_var("AFTERSALES_AS_OF", "") if execute) -%}
    cast('{{ told or today }}' as date)
{%- endmacro %}
