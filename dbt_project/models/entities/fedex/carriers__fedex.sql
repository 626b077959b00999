{# One row: the name that a shop gives the carrier. #}
{{ shaped_as(
    'carriers',
    "(values ('FedEx')) as carriers (carrier_name)",
    kept=['carrier_name']
) }}
