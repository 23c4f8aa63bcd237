{#
    Whether this run computes only what changed since the last one. Only a run that knows that the warehouse stands as
    the last published run left it says so (AFTERSALES_BUILD=changes); all else, a `dbt build` by hand too, builds
    whole. So does Spark, always.
#}
{% macro builds_changes() %}
    {%- set can_be = execute and not flags.FULL_REFRESH and target.type != 'spark' -%}
    {% do return(can_be and env_var('AFTERSALES_BUILD', '') == 'changes') %}
{% endmacro %}
