{# The business date as a DATE: var `as_of`, else AFTERSALES_AS_OF, else today in Asia/Shanghai. #}
{% macro as_of() -%}
    {%- set today = modules.datetime.datetime.now(modules.pytz.timezone('Asia/Shanghai')).date() -%}
    cast('{{ var("as_of", none) or env_var("AFTERSALES_AS_OF", "") or today }}' as date)
{%- endmacro %}
