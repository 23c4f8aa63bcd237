{# Age band of an age in years; a negative age is unknown. #}
{% macro age_band(age) -%}
    case
        when {{ age }} < 0 then null
        when {{ age }} < 30 then '<30'
        when {{ age }} < 40 then '30-39'
        when {{ age }} < 50 then '40-49'
        when {{ age }} >= 50 then '50+'
    end
{%- endmacro %}
