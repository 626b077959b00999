"""For every expectation of every suite, by its reason: what to change in a good record so that it fails."""

from typing import Final

from tests.expectations.good_rows import Row

_SHOP_LINES = '{"nodes": [{"quantity": %s}], "pageInfo": {"hasNextPage": %s}}'
_FAR_SECOND = "4922524800"
_LATER = "2126-01-01T00:00:00Z"

_DEFECTS = '[{"record": "O", "column": "ORDTOT", "bytes": "0000404040"}]'

ROW_FAULTS: Final[dict[str, dict[str, Row]]] = {
    "legacy_sql/customers": {
        "source_id is no customer number": {"source_id": "104711"},
        "customer_type is neither business nor person": {"customer_type": "X"},
        "email is no e-mail address": {"email": "NONE"},
        "phone_digits is no phone number with country code": {"phone_digits": "4711"},
        "country_code is no country code": {"country_code": "D"},
        "loyalty_points are below 0": {"loyalty_points": "-1"},
        "loyalty_level is unknown": {"loyalty_level": "P"},
        "changed_at lies in the future": {"changed_at": _LATER},
    },
    "legacy_sql/inbox": {
        "message_status is unknown": {"message_status": "X"},
        "a refused message does not say why": {"error_code": ""},
    },
    "shopify/customers": {
        "source_id is no Customer id": {"source_id": "gid://shopify/Order/1"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "country_code is no country code": {"country_code": "Germany"},
        "created_at lies in the future": {"created_at": _LATER},
    },
    "shopify/products": {
        "source_id is no ProductVariant id": {"source_id": "gid://shopify/Product/1"},
        "price is below 0": {"price": "-9.90"},
        "product_status is unknown": {"product_status": "SOLD"},
        "sku is blank": {"sku": "  "},
    },
    "shopify/inventory_levels": {
        "source_id is no InventoryItem id": {"source_id": "1"},
        "location_source_id is no Location id": {"location_source_id": "Berlin"},
        "available_quantity is out of all proportion": {"available_quantity": '[{"quantity": 99999999}]'},
    },
    "shopify/orders": {
        "source_id is no Order id": {"source_id": "gid://shopify/DraftOrder/1"},
        "customer_source_id is no Customer id": {"customer_source_id": "gid://shopify/Company/1"},
        "total_amount is below 0": {"total_amount": "-0.01"},
        "currency_code is no currency we trade in": {"currency_code": "EURO"},
        "an order line has no quantity above 0": {"lines": _SHOP_LINES % ("0", "false")},
        "the order has more lines than were read": {"lines": _SHOP_LINES % ("1", "true")},
        "created_at lies in the future": {"created_at": _LATER, "cancelled_at": None},
        "cancelled_at lies before created_at": {"cancelled_at": "2026-10-01T00:00:00Z"},
    },
    "shopify/fulfillment_orders": {
        "source_id is no FulfillmentOrder id": {"source_id": "gid://shopify/Fulfillment/1"},
        "order_source_id is no Order id": {"order_source_id": "gid://shopify/DraftOrder/1"},
        "fulfillment_order_status is unknown": {"fulfillment_order_status": "LOST"},
        "a tracking number belongs to no fulfillment": {"fulfillment_source_id": None},
    },
    "salesforce/accounts": {
        "source_id is no account id": {"source_id": "003Hs00000abcdeIAA"},
        "account_name is empty or cut off": {"account_name": "x" * 256},
        "account_type is unknown": {"account_type": "Partner"},
        "country_name is no country we know": {"country_name": "Atlantis"},
    },
    "salesforce/contacts": {
        "source_id is no contact id": {"source_id": "001Hs00000abcdeIAA"},
        "email is no e-mail address": {"email": "ada@example"},
        "phone is no phone number": {"phone": "12345"},
        "account_source_id is no account id": {"account_source_id": "x"},
    },
    "salesforce/orders": {
        "source_id is no order id": {"source_id": "001Hs00000abcdeIAA"},
        "order_status is unknown": {"order_status": "Lost"},
        "total_amount is below 0": {"total_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "effective_date lies in the future": {"effective_date": "2126-01-01"},
    },
    "salesforce/wholesale_orders": {
        "source_id is no order id": {"source_id": "001Hs00000abcdeIAA"},
        "order_number is no number of the host": {"order_number": "PO-4"},
        "order_status is unknown": {"order_status": "Lost"},
        "wholesale_amount is below 0": {"wholesale_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "effective_date lies in the future": {"effective_date": "2126-01-01"},
    },
    "tryton/parties": {
        "source_id is no number": {"source_id": "x"},
        "party_code is blank": {"party_code": " "},
        "party_name is empty or out of all proportion": {"party_name": ""},
    },
    "tryton/addresses": {
        "party_source_id is no number": {"party_source_id": "x"},
        "country_code is no country code": {"country_code": "DEU"},
        "postal_code is out of all proportion": {"postal_code": "9" * 21},
    },
    "tryton/contact_mechanisms": {
        "mechanism_type is unknown": {"mechanism_type": "pigeon"},
        "the e-mail address is none": {"mechanism_value": "ada at example.com"},
        "the phone number is none": {"mechanism_type": "mobile", "mechanism_value": "n/a"},
    },
    "tryton/products": {
        "sku is blank": {"sku": " "},
        "list_price is below 0": {"list_price": "-1"},
    },
    "tryton/stock_levels": {
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "1e9"},
    },
    "tryton/sales": {
        "sale_state is unknown": {"sale_state": "lost"},
        "total_amount is out of all proportion": {"total_amount": "1e12"},
        "currency_code is no currency we trade in": {"currency_code": "ZZZ"},
        "a sale line has no quantity": {"lines": '[{"quantity": 0}]'},
    },
    "hubspot/contacts": {
        "source_id is no number": {"source_id": "x"},
        "email is no e-mail address": {"email": "ada@example"},
        "phone is no phone number": {"phone": "12345"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "merged_source_ids is no list of ids": {"merged_source_ids": "120000000002,120000000003"},
        "an archived record does not say since when": {"archived_at": None},
    },
    "hubspot/companies": {
        "source_id is no number": {"source_id": "x"},
        "company_name is empty or out of all proportion": {"company_name": "x" * 256},
        "phone is no phone number": {"phone": "call us"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "merged_source_ids is no list of ids": {"merged_source_ids": "none"},
        "an archived record does not say since when": {"is_archived": "true"},
    },
    "hubspot/deals": {
        "source_id is no number": {"source_id": "x"},
        "deal_stage is unknown": {"deal_stage": "closedwon"},
        "amount is below 0": {"amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "an archived record does not say since when": {"is_archived": "true"},
    },
    "fedex/tracking": {
        "the carrier refuses the tracking number": {"error_code": "TRACKING.TRACKINGNUMBER.NOTFOUND"},
        "tracking_number is no tracking number": {"tracking_number": "7949"},
        "nothing says where the parcel is": {"status_code": None},
        "status_code is no code of two letters": {"status_code": "Delivered"},
        "delivered_at lies before shipped_at": {
            "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2026-10-01T09:00:00+01:00"}]'
        },
        "delivered_at lies in the future": {
            "delivered_at": '[{"type": "ACTUAL_DELIVERY", "dateTime": "2199-10-01T09:00:00+01:00"}]'
        },
    },
    "fedex/references": {
        "the carrier refuses the reference": {
            "parcels": '[{"trackingNumberInfo": {"trackingNumber": "794912345678"}, "error": {"code": "NO"}}]'
        },
        "a parcel has no number or no status": {
            "parcels": '[{"trackingNumberInfo": {"trackingNumber": "7949"}, "latestStatusDetail": {"code": "DL"}}]'
        },
    },
    "klaviyo/profiles": {
        "source_id is no profile id": {"source_id": "01J9-Z6M5"},
        "email is no e-mail address": {"email": "ana@example"},
        "phone is not in E.164": {"phone": "030 123456"},
        "country_name is no country we know": {"country_name": "Atlantis"},
        "email_consent is unknown": {"email_consent": "PERHAPS"},
        "somebody who opted out may receive mail": {"email_consent": "UNSUBSCRIBED"},
        "nothing tells who this is": {"email": None, "phone": None, "external_id": None},
        "consented_at lies in the future": {"consented_at": "2199-01-01T00:00:00Z"},
    },
    "klaviyo/events": {
        "source_id is no event id": {"source_id": "a b"},
        "nobody did this": {"profile_source_id": None},
        "occurred_at is out of all proportion": {"occurred_at": "1999-12-31T00:00:00Z"},
        "amount is out of all proportion": {"amount": "100000001"},
    },
    "sap/business_partners": {
        "source_id is no partner number": {"source_id": "10 00"},
        "partner_category is unknown": {"partner_category": "9"},
        "an organisation has no name": {"organization_name_1": " "},
    },
    "sap/addresses": {
        "partner_source_id is no partner number": {"partner_source_id": "10 00"},
        "country_code is no country code": {"country_code": "Germany"},
        "postal_code is out of all proportion": {"postal_code": "1" * 21},
        "an e-mail of the address is no e-mail address": {"emails": '[{"EmailAddress": "n/a"}]'},
    },
    "sap/products": {
        "source_id is no product number": {"source_id": "x" * 41},
        "product_type is no type of product": {"product_type": "finished"},
        "base_unit is no unit": {"base_unit": "pieces"},
    },
    "sap/stock_levels": {
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "99999999.000"},
        "stock_type is unknown": {"stock_type": "free"},
    },
    "sap/sales_orders": {
        "partner_source_id is no partner number": {"partner_source_id": "C/O"},
        "total_amount is below 0": {"total_amount": "-1.000"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "process_status is unknown": {"process_status": "Z"},
        "an order item has no quantity above 0": {"items": '[{"RequestedQuantity": "0.000"}]'},
    },
    "netsuite/customers": {
        "source_id is no internal id": {"source_id": "eid:CUS-1"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "the customer has no name": {"company_name": " "},
        "country_code is no country code": {"country_code": "Germany"},
        "concord_id is no external id": {"concord_id": "CUS|1"},
        "created_at lies in the future": {"created_at": _LATER},
    },
    "netsuite/items": {
        "source_id is no internal id": {"source_id": "x"},
        "sku is blank": {"sku": " "},
        "item_type is unknown": {"item_type": "Inventory Item"},
        "created_at lies in the future": {"created_at": _LATER},
    },
    "netsuite/inventory_levels": {
        "source_id is no item at a location": {"source_id": "501"},
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "1e9"},
        "more is available than on hand": {"available_quantity": "6"},
    },
    "netsuite/sales_orders": {
        "source_id is no internal id": {"source_id": "x"},
        "customer_source_id is no internal id": {"customer_source_id": "Nordlicht GmbH"},
        "total_amount is below 0": {"total_amount": "-1"},
        "currency_code is no currency we trade in": {"currency_code": "Euro"},
        "status_code is unknown": {"status_code": "Billed"},
        "order_name is no order number": {"order_name": "as agreed by phone"},
        "created_at lies in the future": {"created_at": _LATER},
    },
    "netsuite/sales_order_lines": {
        "source_id is no internal id": {"source_id": "x"},
        "sales_order_source_id is no internal id": {"sales_order_source_id": "SO100001"},
        "a line sells no quantity": {"ledger_quantity": "2"},
        "unit_price is below 0": {"unit_price": "-1"},
    },
    "netsuite/invoices": {
        "source_id is no internal id": {"source_id": "x"},
        "customer_source_id is no internal id": {"customer_source_id": "Nordlicht GmbH"},
        "total_amount is below 0": {"total_amount": "-1", "unpaid_amount": None},
        "currency_code is no currency we trade in": {"currency_code": "Euro"},
        "status_code is unknown": {"status_code": "Open"},
        "more is unpaid than was billed": {"unpaid_amount": "19.9"},
        "due_date lies before document_date": {"due_date": "2026-10-11"},
        "created_at lies in the future": {"created_at": _LATER},
    },
    "stripe/customers": {
        "source_id is no customer id": {"source_id": "ch_1a2B"},
        "email is no e-mail address": {"email": "n/a"},
        "phone is no phone number": {"phone": "call me"},
        "country_code is no country code": {"country_code": "Germany"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "stripe/charges": {
        "source_id is no charge id": {"source_id": "pi_1a2B"},
        "customer_source_id is no customer id": {"customer_source_id": "7"},
        "minor_amount is below 0": {"minor_amount": "-1", "minor_refunded_amount": None},
        "currency_code is no currency we trade in": {"currency_code": "euro"},
        "charge_status is unknown": {"charge_status": "lost"},
        "more was refunded than was paid": {"minor_refunded_amount": "1981"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "stripe/refunds": {
        "source_id is no refund id": {"source_id": "ch_1a2B"},
        "charge_source_id is no charge id": {"charge_source_id": "re_1a2B"},
        "minor_amount is not above 0": {"minor_amount": "0"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "refund_status is unknown": {"refund_status": "lost"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "stripe/payouts": {
        "source_id is no payout id": {"source_id": "ch_1a2B"},
        "minor_amount is out of all proportion": {"minor_amount": "9000000000000"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "payout_status is unknown": {"payout_status": "lost"},
        "arrival_date lies far in the future": {"arrival_date": _FAR_SECOND},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "stripe/balance_transactions": {
        "source_id is no balance transaction id": {"source_id": "ch_1a2B"},
        "payout_source_id is no payout id": {"payout_source_id": "txn_1a2B"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "transaction_status is unknown": {"transaction_status": "lost"},
        "the net amount is not the amount less the fee": {"minor_net_amount": "1951"},
        "created_at lies in the future": {"created_at": _FAR_SECOND},
    },
    "ibm_i/customers": {
        "customer_number is no customer number": {"customer_number": "P10015"},
        "country_code is no country code": {"country_code": "Germany"},
        "credit_limit is below 0": {"credit_limit": "-1"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "ibm_i/orders": {
        "order_number is no order number": {"order_number": "0"},
        "customer_number is no customer number": {"customer_number": "P10015"},
        "order_status is unknown": {"order_status": "X"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "total_amount is below 0": {"total_amount": "-5", "lines": '[{"QTY": "1", "LINAMT": "-5"}]'},
        "a line has no quantity above 0": {"lines": '[{"QTY": "0.00", "LINAMT": "19.80"}]'},
        "total_amount is not the sum of its lines": {"total_amount": "19.81"},
        "ordered_on lies in the future": {"ordered_on": "2099-01-01"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "ibm_i/order_requests": {
        "reference is no reference of ours": {"reference": "a b"},
        "customer_number is no customer number": {"customer_number": "P10015"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "total_amount is below 0": {"total_amount": "-5"},
        "a line has no quantity above 0": {"lines": '[{"QTY": null}]'},
        "ordered_on lies in the future": {"ordered_on": "2099-01-01"},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
    "ibm_i/acknowledgements": {
        "order_number is no order number": {"order_number": "REQ-1"},
        "acknowledgement_status is unknown": {"acknowledgement_status": "OK"},
        "a refusal gives no reason": {"reason": None},
        "bytes of the record do not mean what its layout says": {"defects": _DEFECTS},
    },
}

# A batch of this many records of this kind is refused.
TABLE_FAULTS: Final[dict[str, dict[str, tuple[int, Row]]]] = {
    "shopify/products": {"no product has a price": (20, {"price": "0"})},
    "klaviyo/profiles": {"no profile says whether it consents": (20, {"email_consent": None})},
    "tryton/products": {"no product has a price": (20, {"list_price": None})},
    "tryton/stock_levels": {"nothing at all is in stock": (20, {"on_hand_quantity": "0"})},
}
