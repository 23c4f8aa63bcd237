{# Fails on every key that stands twice, or whose columns are not all known. #}
{% test unique_combination(model, columns) %}

select
    {{ columns | join(', ') }},
    count(*) as rows_of_key
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {% for column in columns %}or {{ column }} is null
    {% endfor %}

{% endtest %}
