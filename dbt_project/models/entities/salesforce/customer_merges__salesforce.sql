{# One row per account that was merged into another one. #}
{{ shaped_as(
    'customer_merges',
    ref('stg_salesforce__account_merges'),
    columns={'merged_key': 'merged_source_id', 'record_key': 'account_source_id'}
) }}
