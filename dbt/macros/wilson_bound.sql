{# Wilson score bound (z = 1.959964, no continuity correction); sign '-' is the lower, '+' the upper one.
   Null where there are no trials or more successes than trials. #}
{% macro wilson_bound(successes, trials, sign) -%}
    {%- set z = '1.959964e0' -%}
    {%- set n = 'cast(' ~ trials ~ ' as double)' -%}
    {%- set p = '(cast(' ~ successes ~ ' as double) / ' ~ n ~ ')' -%}
    (
        (
            {{ p }} + {{ z }} * {{ z }} / (2 * {{ n }})
            {{ sign }} {{ z }} * sqrt({{ p }} * (1 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4 * {{ n }} * {{ n }}))
        ) / (1 + {{ z }} * {{ z }} / {{ n }})
    )
{%- endmacro %}
