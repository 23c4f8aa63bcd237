{# On Spark models are always built whole, each replaced in one step; dbt-spark knows no strategy `affected`. #}
{% materialization incremental, adapter='spark' %}
    {{ return(materialization_table_spark()) }}
{% endmaterialization %}
