{# One row per contact that was merged into another one. #}
{{ shaped_as(
    'customer_merges',
    ref('stg_hubspot__contact_merges'),
    columns={'merged_key': 'merged_source_id', 'record_key': 'contact_source_id'}
) }}
