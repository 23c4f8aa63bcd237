{#
    Whether this run computes only what changed since the last one. Only a run that knows that the warehouse stands as
    the last published run left it says so (AFTERSALES_BUILD=changes); all else, a `dbt build` by hand too, builds
    whole. So does Spark, always.
#}
{% macro builds_changes() %}
    {%- set can_be = execute and not flags.FULL_REFRESH and target.type != 'spark' -%}
    {% do return(can_be and env_var('AFTERSALES_BUILD', '') == 'changes') %}
{% endmacro %}

{# dbt asks this of every incremental model. #}
{% macro should_full_refresh() %}
    {% do return(not builds_changes()) %}
{% endmacro %}

{# Whether the model at hand is computed by changes: asked in that order, as a unit test has no relation of its own. #}
{% macro is_by_changes() %}
    {% do return(builds_changes() and (config.get('materialized') == 'view' or is_incremental())) %}
{% endmacro %}
