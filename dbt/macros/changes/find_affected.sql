{#
    Runs before each model of an incremental run: stores the model's affected keys, found in the changed rows of the
    models that it reads (parents).

    A parent that has all columns of the key affects the keys of its changed rows. For any other parent the model must
    state what is affected by `also_affected`, and list the parent in `meta.affected_by`. Rows of a model with
    `meta.is_constant` never change while any row names them.
#}
{% macro find_affected() %}
    {%- if builds_changes() and config.get('unique_key') -%}
        {%- set unit = config.get('unique_key') -%}
        {%- set declared = config.get('meta', {}).get('affected_by', []) -%}
        {%- set is_constant = config.get('meta', {}).get('is_constant') -%}
        {%- set selects = [] -%}
        {%- for parent in changing_parents(model) -%}
            {%- if unit | reject('in', parent.columns) | list -%}
                {%- if parent.name not in declared and not parent.config.meta.get('is_constant') -%}
                    {% do exceptions.raise_compiler_error(
                        model.name ~ " reads " ~ parent.name ~ ", which does not have all columns of the unique_key of "
                        ~ model.name ~ " (" ~ comma_separated(unit) ~ "): state what " ~ parent.name
                        ~ " affects by also_affected(), and list it in meta.affected_by"
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
    The models that a node reads and whose rows change. A view without a `unique_key`, or with another one than the
    node's, is replaced by the models that it reads. Seeds change only with the code, which causes a full refresh.
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
    A model's pre_hook: further affected keys, as a query that returns the columns of the key. It is rendered when the
    model is run, when the tables that it reads exist.
#}
{% macro also_affected(query) %}
    {% do return("{% if builds_changes() %}insert into {{ affected(this.name) }} " ~ query ~ "{% endif %}") %}
{% endmacro %}
