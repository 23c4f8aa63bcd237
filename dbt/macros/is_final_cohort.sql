{# Whether the churn window has passed for every vehicle that visited in a month; `on`: default is the business date. #}
{% macro is_final_cohort(month, on=none) -%}
    ({{ on or as_of() }} >= {{ add_months(month_end(month), var('churn_months')) }})
{%- endmacro %}
