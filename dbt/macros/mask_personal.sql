{# Free text with mainland mobile numbers and number plates as `***`, for published columns that people write.
   No look-around, which not every engine has: digits of a longer number are masked too. #}
{% macro mask_personal(expr) -%}
    {%- set phone = '([+]?86[- ]?)?1[3-9][0-9]([- ]?[0-9]{4}){2}' -%}
    {%- set province = '[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]' -%}
    {%- set plate = province ~ '[A-HJ-NP-Z][·. ]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]' -%}
    {{ replace_all(replace_all(expr, phone), plate) }}
{%- endmacro %}

{% macro replace_all(expr, pattern) -%}
    {{ adapter.dispatch('replace_all')(expr, pattern) }}
{%- endmacro %}

{% macro default__replace_all(expr, pattern) -%}
    regexp_replace({{ expr }}, '{{ pattern }}', '***', 'g')
{%- endmacro %}

{% macro spark__replace_all(expr, pattern) -%}
    regexp_replace({{ expr }}, '{{ pattern }}', '***')
{%- endmacro %}
