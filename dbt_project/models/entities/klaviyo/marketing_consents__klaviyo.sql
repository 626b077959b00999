{# One row per profile. #}
{{ shaped_as(
    'marketing_consents',
    ref('stg_klaviyo__profiles'),
    kept=[
        'has_opted_in', 'has_opted_out', 'is_suppressed', 'consented_at', 'changed_at'
    ],
    columns={'record_key': 'profile_source_id'}
) }}
