{#
    Whether this run is incremental: computes only what changed since the last run. A run sets AFTERSALES_BUILD=changes
    only when it knows that the warehouse is as the last published run left it. Every other build is a full refresh
    (every model is rebuilt): a `dbt build` by hand, and every build on Spark.
#}
{% macro builds_changes() %}
    {%- set can_be = execute and not flags.FULL_REFRESH and target.type != 'spark' -%}
    {% do return(can_be and env_var('AFTERSALES_BUILD', '') == 'changes') %}
{% endmacro %}
