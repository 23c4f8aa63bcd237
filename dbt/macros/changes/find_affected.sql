{#
    Before each model in a run by changes: its affected units, found in the changed rows of the models it reads.

    A model whose columns hold the whole unit affects the units of its changed rows. Of any other the model must say
    what it affects by `also_affected`, and that it has, in `meta.affected_by`; rows of a model with `meta.is_constant`
    never change while anything names them.
#}
{% macro find_affected() %}
    {%- if builds_changes() and config.get('unique_key') -%}
        {%- set unit = config.get('unique_key') -%}
        {%- set told = config.get('meta', {}).get('affected_by', []) -%}
        {%- set is_constant = config.get('meta', {}).get('is_constant') -%}
        {%- set selects = [] -%}
        {%- for parent in changing_parents(model) -%}
            {%- if unit | reject('in', parent.columns) | list -%}
                {%- if parent.name not in told and not parent.config.meta.get('is_constant') -%}
                    {% do exceptions.raise_compiler_error(
                        model.name ~ " reads " ~ parent.name ~ ", whose columns do not hold its unit ("
                        ~ comma_separated(unit) ~ "): say what it affects by also_affected() and name it in meta.affected_by"
                    ) %}
                {%- endif -%}
            {%- elif is_constant -%}
                {% do selects.append(
                    'select ' ~ comma_separated(unit) ~ ', not is_new as is_named_no_longer from '
                    ~ changed_values(parent.name, unit, []) ~ ' as named'
                ) %}
            {%- else -%}
                {% do selects.append('select ' ~ comma_separated(unit) ~ ' from ' ~ (
                    affected(parent.name) if parent.config.materialized == 'view' else changed(parent.name)
                )) %}
            {%- endif -%}
        {%- endfor -%}
        {%- if not selects -%}
            {%- do selects.append('select ' ~ comma_separated(unit) ~ ' from ' ~ this ~ ' where false') -%}
        {%- endif %}
        create or replace table {{ affected(this.name) }} as
        {%- if is_constant %}
        select {{ comma_separated(unit) }}, bool_or(is_named_no_longer) as is_named_no_longer
        from ({{ selects | join(' union all ') }}) as units
        group by {{ comma_separated(unit) }}
        {%- else %}
        select distinct {{ comma_separated(unit) }}
        from ({{ selects | join(' union ') }}) as units
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#
    The models that a node reads and whose rows change: through a view that has no unit of its own, or not the node's,
    those that the view reads. Seeds change with the code, and then everything is built anew.
#}
{% macro changing_parents(node) %}
    {%- set found = [] -%}
    {%- for name in node.depends_on.nodes -%}
        {%- set parent = graph.nodes.get(name) -%}
        {%- if parent is not none and parent.resource_type == 'model' -%}
            {%- set unit = parent.config.unique_key or [] -%}
            {%- if parent.config.materialized != 'view' -%}
                {%- do found.append(parent) -%}
            {%- elif config.get('unique_key') and not config.get('unique_key') | reject('in', unit) | list -%}
                {%- do found.append(parent) -%}
            {%- else -%}
                {%- do found.extend(changing_parents(parent)) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {% do return(found) %}
{% endmacro %}

{#
    A model's pre_hook: units that are affected besides, as a query of the unit's columns. It is rendered when the
    model is run, so that what it reads stands then.
#}
{% macro also_affected(query) %}
    {% do return("{% if builds_changes() %}insert into {{ affected(this.name) }} " ~ query ~ "{% endif %}") %}
{% endmacro %}
