{# Fails on every key that occurs twice or has an unknown column. Columns are qualified, as their names may be keywords. #}
{% test unique_combination(model, columns) %}

select
    {% for column in columns %}keyed.{{ column }},
    {% endfor %}count(*) as rows_of_key
from {{ model }} as keyed
group by {% for column in columns %}keyed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

having
    count(*) > 1
    {% for column in columns %}or keyed.{{ column }} is null
    {% endfor %}

{% endtest %}
