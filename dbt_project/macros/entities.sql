{# The shapes of the entities: the columns that every system's model of an entity has, beside `system`, with their
   types. A model of an entity is called after it and its system, as in `customers__myshop`. #}
{% macro shape_of(entity) -%}
    {{ return({
        'customers': {
            'record_key': 'text', 'external_id': 'text', 'account_number': 'text', 'contact_source_id': 'text',
            'address_source_id': 'text', 'email_source_id': 'text', 'phone_source_id': 'text',
            'group_key': 'text', 'customer_kind': 'text', 'record_name': 'text', 'first_name': 'text', 'last_name': 'text',
            'email_as_written': 'text', 'phone_as_written': 'text', 'street': 'text', 'city': 'text',
            'postal_code': 'text', 'country_as_written': 'text', 'can_name_company': 'boolean',
            'is_incomplete': 'boolean', 'is_blocked': 'boolean', 'changed_at': 'timestamptz'
        },
        'customer_merges': {'merged_key': 'text', 'record_key': 'text'},
        'products': {
            'record_key': 'text', 'unit_source_id': 'text', 'sku': 'text', 'product_name': 'text',
            'price': 'numeric', 'is_sellable': 'boolean', 'changed_at': 'timestamptz'
        },
        'inventory_levels': {
            'record_key': 'text', 'sku': 'text', 'quantity': 'numeric', 'changed_at': 'timestamptz'
        },
        'orders': {
            'record_key': 'text', 'customer_record_key': 'text', 'customer_group_key': 'text',
            'customer_number': 'text', 'order_name': 'text', 'import_id': 'text',
            'has_free_reference': 'boolean', 'source_status': 'text', 'currency_code': 'text', 'total_amount': 'numeric',
            'is_cancelled': 'boolean', 'is_test': 'boolean', 'is_done': 'boolean', 'order_date': 'date',
            'ordered_at': 'timestamptz', 'changed_at': 'timestamptz'
        },
        'order_lines': {
            'order_record_key': 'text', 'order_line_source_id': 'text', 'sku': 'text', 'line_number': 'bigint',
            'quantity': 'numeric', 'unit_price': 'numeric'
        },
        'delivery_reports': {
            'record_key': 'text', 'order_name': 'text', 'tracking_number': 'text', 'source_status': 'text',
            'delivered_on': 'text', 'is_shipped': 'boolean'
        },
        'shop_parcels': {
            'record_key': 'text', 'order_record_key': 'text', 'source_status': 'text', 'carrier_name': 'text',
            'tracking_number': 'text', 'shipped_quantity': 'numeric', 'is_void': 'boolean',
            'shipped_at': 'timestamptz'
        },
        'carriers': {'carrier_name': 'text'},
        'carrier_parcels': {
            'tracking_number': 'text', 'order_name': 'text', 'carrier_name': 'text', 'source_status': 'text',
            'exception_reason': 'text', 'delivery_attempts': 'bigint', 'is_tracked': 'boolean', 'delivered_on': 'text',
            'estimated_delivery_at': 'timestamptz', 'delivered_at': 'timestamptz'
        },
        'payments': {
            'record_key': 'text', 'customer_record_key': 'text', 'transaction_record_key': 'text',
            'order_name': 'text', 'payment_status': 'text', 'currency_code': 'text',
            'charged_amount': 'numeric', 'captured_amount': 'numeric', 'refunded_amount': 'numeric',
            'is_received': 'boolean', 'is_paid': 'boolean', 'is_disputed': 'boolean',
            'charged_at': 'timestamptz', 'changed_at': 'timestamptz'
        },
        'payment_refunds': {
            'record_key': 'text', 'payment_record_key': 'text', 'shop_refund_key': 'text', 'order_name': 'text',
            'refund_status': 'text', 'currency_code': 'text', 'refunded_amount': 'numeric',
            'refunded_at': 'timestamptz'
        },
        'shop_refunds': {
            'record_key': 'text', 'order_record_key': 'text', 'currency_code': 'text',
            'refunded_amount': 'numeric', 'refunded_at': 'timestamptz'
        },
        'payouts': {
            'record_key': 'text', 'bank_reference': 'text', 'payout_status': 'text', 'currency_code': 'text',
            'payout_amount': 'numeric', 'is_automatic': 'boolean', 'is_paid': 'boolean', 'arrival_date': 'date',
            'changed_at': 'timestamptz'
        },
        'payout_transactions': {
            'record_key': 'text', 'payout_record_key': 'text', 'currency_code': 'text',
            'fee_amount': 'numeric', 'net_amount': 'numeric', 'is_payout': 'boolean'
        },
        'invoices': {
            'record_key': 'text', 'customer_record_key': 'text', 'document_number': 'text', 'order_name': 'text',
            'currency_code': 'text', 'total_amount': 'numeric', 'unpaid_amount': 'numeric',
            'is_paid': 'boolean', 'is_void': 'boolean', 'invoice_date': 'date', 'due_date': 'date',
            'changed_at': 'timestamptz'
        },
        'marketing_consents': {
            'record_key': 'text', 'has_opted_in': 'boolean', 'has_opted_out': 'boolean',
            'is_suppressed': 'boolean', 'consented_at': 'timestamptz', 'changed_at': 'timestamptz'
        },
        'wholesale_customers': {'customer_number': 'text'},
        'wholesale_orders': {
            'order_number': 'text', 'customer_number': 'text', 'customer_reference': 'text',
            'currency_code': 'text', 'total_amount': 'numeric', 'is_cancelled': 'boolean', 'order_date': 'date',
            'refused_at': 'timestamptz', 'changed_at': 'timestamptz'
        },
        'crm_wholesale_orders': {
            'record_key': 'text', 'order_number': 'text', 'crm_order_number': 'text', 'currency_code': 'text',
            'total_amount': 'numeric', 'is_cancelled': 'boolean', 'is_deleted': 'boolean'
        }
    }[entity]) }}
{%- endmacro %}

{# The records of one system in the shape of an entity. `kept` are the columns that the relation has under our
   names, `columns` gives an expression for each of the others; what neither names is null, or false, and the system
   has no such field: `given_columns` are those that it has. #}
{% macro shaped_as(entity, relation, kept=[], columns={}, where=none) -%}
    select
        '{{ own_system() }}' as system
        {%- for name, type in shape_of(entity).items() %},
        {% if name in columns -%}
        ({{ columns[name] }})::{{ type }} as {{ name }}
        {%- elif name in kept -%}
        {{ name }}::{{ type }} as {{ name }}
        {%- else -%}
        {{ 'false' if type == 'boolean' else 'null' }}::{{ type }} as {{ name }}
        {%- endif -%}
        {%- endfor %},
        '{{ (kept + columns.keys() | list) | sort | join(',') }}'::text as given_columns
    from {{ relation }}
    {%- if where %}
    where {{ where }}
    {%- endif %}
{%- endmacro %}

{# The records of an entity in all systems in use that have a model of it; no rows where none has. #}
{% macro all_records(entity) -%}
    {%- set columns = shape_of(entity) -%}
    {%- for name in var('entities').get(entity, []) %}
    select
        system,
        {{ columns | join(',\n        ') }}
    from {{ ref(entity ~ '__' ~ name) }}
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    select
        null::text as system
        {%- for name, type in columns.items() %},
        null::{{ type }} as {{ name }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}

{# Whether a system has a model of an entity; one that has none tells nothing of it. #}
{% macro tells_of(column, entity) -%}
    {{ is_one_of(column, var('entities').get(entity, [])) }}
{%- endmacro %}

{# One row per entity and system in use that has a model of it and records, with the columns that the model gives.
   `shapes` are the shapes of the entities by their names. #}
{% macro given_columns(shapes) -%}
    select
        null::text as entity,
        null::text as system,
        null::text[] as given
    where false
    {%- for entity, shape in shapes.items() %}
    {%- for name in var('entities').get(shape, []) %}

    union all

    (
        select
            '{{ entity }}' as entity,
            system,
            string_to_array(given_columns, ',') as given
        from {{ ref(shape ~ '__' ~ name) }}
        limit 1
    )
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
