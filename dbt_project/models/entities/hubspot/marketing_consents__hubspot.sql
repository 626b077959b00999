{# One row per contact, of which only a refusal is known. #}
{{ shaped_as(
    'marketing_consents',
    ref('stg_hubspot__contacts'),
    kept=['has_opted_out', 'changed_at'],
    columns={'record_key': 'contact_source_id'}
) }}
