{# Whether the comeback window has passed for every repair of a month: until then, comebacks can still arrive. #}
{% macro is_final_first_fix(month) -%}
    ({{ as_of() }} >= {{ add_days(month_end(month), var('comeback_days')) }})
{%- endmacro %}
