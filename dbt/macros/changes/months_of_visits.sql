{#
    For models with one row per month of visits. An incremental run computes only the months in which a repair order
    changed from repair orders, which are stored by month; this adds the other months of the affected keys, as they
    exist. `month` lists the columns of the key and the month.
#}
{% macro and_existing_months(month, columns) %}
    {%- if builds_changes() -%}
    union all
    select {{ comma_separated(columns) }}
    from existing
    anti join {{ changed('int_repair_order') }} as repair_orders using ({{ comma_separated(month) }})
    {%- endif -%}
{% endmacro %}
