"""Good records of SAP as they land, and for every expectation what makes one fail."""

from typing import Final

from concord.testing.plantings import STAMP, RowFaults, Rows

GOOD: Final[Rows] = {
    "business_partners": {
        "source_id": "1000001",
        "partner_category": "2",
        "organization_name_1": "Nordlicht GmbH",
        "creation_date": "/Date(1785369600000)/",
        "creation_time": "PT08H09M10S",
        "changed_at": None,
        "etag": "W/\"datetimeoffset'2026-11-01T08%3A00%3A00.0000000Z'\"",
    },
    "addresses": {
        "source_id": "BusinessPartner='1000001',AddressID='20001'",
        "partner_source_id": "1000001",
        "address_number": "20001",
        "postal_code": "10115",
        "country_code": "DE",
        "emails": '[{"EmailAddress": "ada@example.com", "IsDefaultEmailAddress": true}]',
    },
    "products": {
        "source_id": "LAM-1001",
        "product_type": "FERT",
        "base_unit": "EA",
        "changed_at": STAMP,
    },
    "stock_levels": {
        "source_id": "Material='LAM-1001',Plant='1710',StorageLocation='171A',Batch='',InventoryStockType='01'",
        "product_source_id": "LAM-1001",
        "stock_type": "01",
        "on_hand_quantity": "175.000",
    },
    "prices": {
        "source_id": "ConditionRecord='30000001',ConditionValidityEndDate='/Date(253402214400000)/'",
        "product_source_id": "LAM-1001",
        "valid_from_date": "/Date(1577836800000)/",
        "valid_to_date": "/Date(253402214400000)/",
        "rate_amount": "990.000",
        "currency_code": "EUR",
        "per_quantity": "100",
        "per_unit": "EA",
    },
    "sales_orders": {
        "source_id": "500001",
        "partner_source_id": "0001000001",
        "process_status": "B",
        "total_amount": "19.800",
        "currency_code": "EUR",
        "order_date": "/Date(1793577600000)/",
        "items": '[{"Material": "LAM-1001", "RequestedQuantity": "2.000"}]',
        "changed_at": "/Date(1793610871123+0000)/",
    },
}

ROW_FAULTS: Final[RowFaults] = {
    "business_partners": {
        "source_id is no partner number": {"source_id": "10 00"},
        "partner_category is unknown": {"partner_category": "9"},
        "an organisation has no name": {"organization_name_1": " "},
    },
    "addresses": {
        "partner_source_id is no partner number": {"partner_source_id": "10 00"},
        "country_code is no country code": {"country_code": "Germany"},
        "postal_code is out of all proportion": {"postal_code": "1" * 21},
        "an e-mail of the address is no e-mail address": {"emails": '[{"EmailAddress": "n/a"}]'},
    },
    "products": {
        "source_id is no product number": {"source_id": "x" * 41},
        "product_type is no type of product": {"product_type": "finished"},
        "base_unit is no unit": {"base_unit": "pieces"},
    },
    "stock_levels": {
        "on_hand_quantity is out of all proportion": {"on_hand_quantity": "99999999.000"},
        "stock_type is unknown": {"stock_type": "free"},
    },
    "prices": {
        "rate_amount is below 0": {"rate_amount": "-1.000"},
        "per_quantity is not above 0": {"per_quantity": "0"},
        "currency_code is no currency": {"currency_code": "%"},
        "the price ends before it begins": {"valid_to_date": "/Date(0)/"},
    },
    "sales_orders": {
        "partner_source_id is no partner number": {"partner_source_id": "C/O"},
        "total_amount is below 0": {"total_amount": "-1.000"},
        "currency_code is no currency we trade in": {"currency_code": "€"},
        "process_status is unknown": {"process_status": "Z"},
        "an order item has no quantity above 0": {"items": '[{"RequestedQuantity": "0.000"}]'},
    },
}
