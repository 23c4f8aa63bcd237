{# Whether the churn window has passed for every vehicle that visited in a month. #}
{% macro is_final_cohort(month) -%}
    ({{ as_of() }} >= {{ add_months(month_end(month), var('churn_months')) }})
{%- endmacro %}
