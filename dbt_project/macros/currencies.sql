{# The currencies of ISO 4217 by the decimal places of their smallest unit, with those that were given up since 2010.
   ISK and UGX have two places here although they have none, and MGA none, because payment providers count so. #}
{% macro currencies() -%}
    {{ return({
        0: [
        'BIF', 'BYR', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG',
        'RWF', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'
        ],
        2: [
        'AED', 'AFN', 'ALL', 'AMD', 'ANG', 'AOA', 'ARS', 'AUD', 'AWG', 'AZN',
        'BAM', 'BBD', 'BDT', 'BGN', 'BMD', 'BND', 'BOB', 'BOV', 'BRL', 'BSD',
        'BTN', 'BWP', 'BYN', 'BZD', 'CAD', 'CDF', 'CHE', 'CHF', 'CHW',
        'CNY', 'COP', 'COU', 'CRC', 'CUC', 'CUP', 'CVE', 'CZK', 'DKK', 'DOP',
        'DZD', 'EEK', 'EGP', 'ERN', 'ETB', 'EUR', 'FJD', 'FKP', 'GBP', 'GEL',
        'GHS', 'GIP', 'GMD', 'GTQ', 'GYD', 'HKD', 'HNL', 'HRK', 'HTG', 'HUF',
        'IDR', 'ILS', 'INR', 'IRR', 'ISK', 'JMD', 'KES', 'KGS', 'KHR', 'KPW',
        'KYD', 'KZT', 'LAK', 'LBP', 'LKR', 'LRD', 'LSL', 'LTL', 'LVL', 'MAD',
        'MDL', 'MKD', 'MMK', 'MNT', 'MOP', 'MRO', 'MRU', 'MUR', 'MVR', 'MWK',
        'MXN', 'MXV', 'MYR', 'MZN', 'NAD', 'NGN', 'NIO', 'NOK', 'NPR', 'NZD',
        'PAB', 'PEN', 'PGK', 'PHP', 'PKR', 'PLN', 'QAR', 'RON', 'RSD', 'RUB',
        'SAR', 'SBD', 'SCR', 'SDG', 'SEK', 'SGD', 'SHP', 'SLE', 'SLL', 'SOS',
        'SRD', 'SSP', 'STD', 'STN', 'SYP', 'SZL', 'THB', 'TJS', 'TMT', 'TOP',
        'TRY', 'TTD', 'TWD', 'TZS', 'UAH', 'UGX', 'USD', 'USN', 'UYU', 'UZS',
        'VEF', 'VES', 'WST', 'XCD', 'XCG', 'YER', 'ZAR', 'ZMK', 'ZMW', 'ZWG',
        'ZWL'
        ],
        3: [
        'BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'
        ],
        4: [
        'CLF', 'UYW'
        ]
    }) }}
{%- endmacro %}

{# A currency as systems compare it; null if the text is no currency. #}
{% macro read_currency(value) -%}
    case
        when upper(btrim({{ value }})) in ('{{ currencies().values() | sum(start=[]) | join("', '") }}')
            then upper(btrim({{ value }}))
    end
{%- endmacro %}

{# Whether a text is there and is no currency. #}
{% macro is_unreadable_currency(value) -%}
    ({{ value }} is not null and {{ read_currency(value) }} is null)
{%- endmacro %}

{# Whether all records of a group name the same currency, or none of them does: then their amounts have a sum. #}
{% macro is_one_currency(value) -%}
    (count(distinct coalesce({{ value }}, '')) = 1)
{%- endmacro %}

{# An amount that is given in the smallest unit of its currency, in whole units; null if the currency cannot be read,
   because nobody knows then what the amount says. #}
{% macro major_units(minor_amount, currency_code) -%}
    {{ minor_amount }}::numeric * case
        {%- for places, codes in currencies().items() %}
        when upper(btrim({{ currency_code }})) in ('{{ codes | join("', '") }}') then {{ 10 ** -places }}
        {%- endfor %}
    end
{%- endmacro %}
