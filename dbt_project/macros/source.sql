{# Models read valid records, and who is who, by the views of `scope`: over all of them, or over those that a night
   works on. #}
{% macro source() -%}
    {%- set relation = builtins.source(*varargs) -%}
    {%- if relation.schema == 'validated' or (relation.schema, relation.identifier) == ('ops', 'identities') -%}
        {{ return(relation.incorporate(path={'schema': 'scope'})) }}
    {%- endif -%}
    {{ return(relation) }}
{%- endmacro %}
