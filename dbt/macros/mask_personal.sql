{# Free text with mainland mobile numbers and number plates as `***`, for published columns that people write. Covers
   full-width characters, digits in groups, and plates in lower case.
   Uses no look-around, which not every engine supports; so such digits inside a longer number are masked too. #}
{% macro mask_personal(expr) -%}
    {%- set digit = '[0-9０-９]' -%}
    {%- set letter = '[A-Za-zＡ-Ｚａ-ｚ]' -%}
    {%- set end = '[A-Za-zＡ-Ｚａ-ｚ挂学警港澳]' -%}
    {%- set gap = '[-－–—. 　·・•]?' -%}
    {%- set begins = '(([+＋]|00)?86' ~ gap ~ '|0)?[1１][3-9３-９]' ~ digit -%}
    {%- set phone = begins ~ '((' ~ gap ~ digit ~ '{4}){2}|' ~ gap ~ digit ~ '{3}' ~ gap ~ digit ~ '{5})' -%}
    {%- set province = '[京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]' -%}
    {%- set numbered = '[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]' -%}
    {%- set plate = '(' ~ province ~ '[A-HJ-NP-Z][·・•. ]?|新[A-HJ-NP-Z][·・•.])' ~ numbered -%}
    {#- In other spellings a plate must have its digits. 新 also means new: "新 brakes" and "新GLC260L" are no plates. -#}
    {%- set figures = '(D{5}|LD{4}|LLD{3}|D{4}E|LD{3}E)' | replace('D', digit) | replace('L', letter) | replace('E', end) -%}
    {%- set most = '(D{5}|LD{4}|D{4}E)' | replace('D', digit) | replace('L', letter) | replace('E', end) -%}
    {%- set lettered = ' ?' ~ letter ~ gap -%}
    {%- set other_plate = '(' ~ province ~ lettered ~ figures ~ '|新' ~ lettered ~ most ~ ')(' ~ digit ~ '|' ~ end ~ ')?' -%}
    {{ replace_all(replace_all(expr, phone), plate ~ '|' ~ other_plate) }}
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
