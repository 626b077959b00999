{# E.164 of a number as people write it. `calling_code` and `trunk_prefix` are those
   of the country it was written in (seeds/countries.csv); without them only an
   international notation can be read. Null where it cannot be read. #}
{% macro normalised_phone(value, calling_code, trunk_prefix) -%}
    substring(
        case
            when btrim({{ value }}) ~ '^\+|^\(\+' then '+'
            || regexp_replace(replace({{ value }}, '(0)', ''), '\D', '', 'g')
            when regexp_replace({{ value }}, '\D', '', 'g') like '00%' then '+'
            || substr(regexp_replace(replace({{ value }}, '(0)', ''), '\D', '', 'g'), 3)
            else '+' || {{ calling_code }} || regexp_replace(
                regexp_replace({{ value }}, '\D', '', 'g'),
                '^' || coalesce({{ trunk_prefix }}, ''), ''
            )
        end
        from '^\+[1-9]\d{6,14}$'
    )
{%- endmacro %}
