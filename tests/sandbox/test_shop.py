"""The sandbox's shop responds as Shopify does."""

import time

import pytest

from tests.sandbox.conftest import Shop
from tests.sandbox.records import LOCATION, customer, item

SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { delta item { id } } } userErrors { field code message } } }"""
UPDATE = """mutation($input: CustomerInput!) { customerUpdate(input: $input) {
    customer { id email phone updatedAt defaultAddress { company city } } userErrors { field message } } }"""


def _lines(*lines: tuple[int, int, int | None]) -> dict:
    quantities = [
        {"inventoryItemId": item(number), "locationId": LOCATION, "quantity": to, "changeFromQuantity": was}
        for number, to, was in lines
    ]
    return {"name": "available", "reason": "correction", "quantities": quantities}


def _available(shop: Shop, number: int) -> int:
    query = """query($id: ID!, $at: ID!) { inventoryItem(id: $id) { inventoryLevel(locationId: $at) {
        quantities(names: ["available"]) { quantity } } } }"""
    found = shop.ask(query, {"id": item(number), "at": LOCATION})["data"]["inventoryItem"]
    return found["inventoryLevel"]["quantities"][0]["quantity"]


def test_pages_follow_each_other_without_gap_or_repeat(shop: Shop) -> None:
    pages = shop.customer_pages(size=5)
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [record for page in pages for record in page] == [customer(number) for number in range(1, 13)]


def test_a_window_of_changes_is_half_open(shop: Shop) -> None:
    window = "updated_at:>='2026-11-03T12:00:00Z' AND updated_at:<'2026-11-05T12:00:00Z'"
    found = shop.ask(f'{{ customers(first: 9, query: "{window}") {{ nodes {{ id }} }} }}')["data"]["customers"][
        "nodes"
    ]
    assert [node["id"] for node in found] == [customer(3), customer(4)]


@pytest.mark.parametrize(
    ("root", "search", "expected"),
    [
        ("customers", "email:ADA3@example.com", ["gid://shopify/Customer/3"]),
        ("customers", "id:1 OR id:2", ["gid://shopify/Customer/1", "gid://shopify/Customer/2"]),
        ("orders", "name:#1002", ["gid://shopify/Order/2"]),
        ("orders", "NOT test:true AND (name:'#1003' OR name:'#1001')", ["gid://shopify/Order/1"]),
        ("productVariants", "sku:SKU-4", ["gid://shopify/ProductVariant/4"]),
        ("productVariants", "sku:none", []),
    ],
)
def test_searches_find_exactly_their_records(shop: Shop, root: str, search: str, expected: list[str]) -> None:
    query = f"query($q: String) {{ {root}(first: 9, query: $q) {{ nodes {{ id }} }} }}"
    found = shop.ask(query, {"q": search})["data"][root]["nodes"]
    assert [node["id"] for node in found] == expected


def test_nested_lines_have_pages_of_their_own(shop: Shop) -> None:
    query = """query($after: String) { order(id: "gid://shopify/Order/1") { customer { id email }
        lineItems(first: 2, after: $after) { nodes { sku } pageInfo { hasNextPage endCursor } } } }"""
    first = shop.ask(query)["data"]["order"]
    rest = shop.ask(query, {"after": first["lineItems"]["pageInfo"]["endCursor"]})["data"]["order"]
    assert first["customer"] == {"id": customer(1), "email": "ada1@example.com"}
    assert [[n["sku"] for n in part["lineItems"]["nodes"]] for part in (first, rest)] == [
        ["SKU-1", "SKU-2"],
        ["SKU-3"],
    ]
    assert not rest["lineItems"]["pageInfo"]["hasNextPage"]


def test_an_unknown_field_is_a_200_with_errors(shop: Shop) -> None:
    answer = shop.post("{ customers(first: 1) { nodes { id shoeSize } } }")
    error = answer.json()["errors"][0]
    assert answer.status_code == 200
    assert error["extensions"] == {"code": "undefinedField", "typeName": "Customer", "fieldName": "shoeSize"}
    assert "data" not in answer.json()


def test_a_retired_version_falls_forward_and_says_so(shop: Shop) -> None:
    answer = shop.post("{ shop { name } }", version="2024-10")
    assert answer.headers["X-Shopify-API-Version"] == "2026-01"
    assert shop.post("{ shop { name } }", version="2031-02").status_code == 404


def test_a_drained_bucket_throttles_and_fills_again(shop: Shop) -> None:
    query = "{ customers(first: 250) { nodes { id defaultAddress { city } } } }"
    shop.server.control("limits", {"bucket": 130, "restore_rate": 20})
    first, second = shop.ask(query), shop.post(query)
    assert (first["extensions"]["cost"]["requestedQueryCost"], len(first["data"]["customers"]["nodes"])) == (
        127,
        12,
    )
    assert (second.status_code, second.json()["errors"][0]["extensions"]["code"]) == (200, "THROTTLED")
    status = second.json()["extensions"]["cost"]["throttleStatus"]
    assert status["currentlyAvailable"] < 127 <= status["maximumAvailable"]
    deadline = time.monotonic() + 10
    while "errors" in shop.ask(query) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert time.monotonic() < deadline


def test_a_query_that_costs_too_much_is_refused(shop: Shop) -> None:
    lines = "lineItems(first: 250) { nodes { originalUnitPriceSet { shopMoney { amount } } } }"
    query = f"{{ orders(first: 250) {{ nodes {{ {lines} }} }} }}"
    assert shop.ask(query)["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"


def test_stock_changes_only_from_what_was_read(shop: Shop) -> None:
    done = shop.ask(SET, {"input": _lines((1, 7, 10)), "key": "a"})["data"]["inventorySetQuantities"]
    assert done["userErrors"] == []
    assert done["inventoryAdjustmentGroup"]["changes"] == [{"delta": -3, "item": {"id": item(1)}}]
    stale = shop.ask(SET, {"input": _lines((2, 5, 20), (1, 8, 10)), "key": "b"})["data"]["inventorySetQuantities"]
    assert stale["userErrors"][0]["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert (_available(shop, 1), _available(shop, 2)) == (7, 20)


def test_an_idempotency_key_gives_the_first_answer_again(shop: Shop) -> None:
    given = {"input": _lines((1, 7, 10)), "key": "same"}
    first, second = shop.ask(SET, given), shop.ask(SET, given)
    assert first["data"] == second["data"]
    other = shop.ask(SET, {"input": _lines((1, 9, 7)), "key": "same"})["data"]["inventorySetQuantities"]
    assert other["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
    counts = shop.server.control("counts")
    assert counts["records"][f"inventory_items/{item(1)}"] == {"attempts": 3, "effects": 1}


def test_the_idempotent_directive_is_required_from_2026_04(shop: Shop) -> None:
    plain = SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    assert "directive is required" in shop.ask(plain, {"input": _lines((1, 7, 10))})["errors"][0]["message"]
    older = {"name": "available", "reason": "correction", "ignoreCompareQuantity": True}
    older["quantities"] = [{"inventoryItemId": item(1), "locationId": LOCATION, "quantity": 3}]
    done = shop.ask(plain, {"input": older}, version="2026-01")["data"]["inventorySetQuantities"]
    assert done["userErrors"] == []
    assert _available(shop, 1) == 3


def test_an_email_of_somebody_else_has_been_taken(shop: Shop) -> None:
    answer = shop.ask(UPDATE, {"input": {"id": customer(1), "email": "ada2@example.com"}})["data"][
        "customerUpdate"
    ]
    assert answer["userErrors"] == [{"field": ["email"], "message": "Email has already been taken"}]
    assert shop.server.control("counts")["effects"] == {}


def test_an_update_keeps_what_it_does_not_name_and_moves_the_stamp(shop: Shop) -> None:
    changes = {"id": customer(1), "phone": "+49 30 7654321", "addresses": [{"city": "Ulm"}]}
    done = shop.ask(UPDATE, {"input": changes})["data"]["customerUpdate"]["customer"]
    again = shop.ask(UPDATE, {"input": changes})["data"]["customerUpdate"]["customer"]
    assert (done["email"], done["phone"]) == ("ada1@example.com", "+49307654321")
    assert done["defaultAddress"] == {"company": None, "city": "Ulm"}
    assert again["updatedAt"] > done["updatedAt"] > "2026-11-20"


def test_a_customer_is_created_once_by_set(shop: Shop) -> None:
    query = """mutation($input: CustomerSetInput!, $by: CustomerSetIdentifiers) {
        customerSet(input: $input, identifier: $by) { customer { id lastName } userErrors { code } } }"""
    given = {"by": {"email": "new@example.com"}, "input": {"lastName": "New"}}
    first = shop.ask(query, given)["data"]["customerSet"]["customer"]
    second = shop.ask(query, given)["data"]["customerSet"]["customer"]
    assert first == second == {"id": customer(13), "lastName": "New"}


def test_one_bad_price_refuses_all_unless_partial_updates_are_allowed(shop: Shop) -> None:
    query = """mutation($partly: Boolean, $variants: [ProductVariantsBulkInput!]!) { productVariantsBulkUpdate(
        productId: "gid://shopify/Product/1", allowPartialUpdates: $partly, variants: $variants) {
        productVariants { id price } userErrors { field } } }"""
    mine = "gid://shopify/ProductVariant/1"
    variants = [{"id": mine, "price": "3.50"}, {"id": "gid://shopify/ProductVariant/2", "price": "1.00"}]
    refused = shop.ask(query, {"variants": variants})["data"]["productVariantsBulkUpdate"]
    partly = shop.ask(query, {"variants": variants, "partly": True})["data"]["productVariantsBulkUpdate"]
    assert refused == {"productVariants": None, "userErrors": [{"field": ["variants", "1", "id"]}]}
    assert partly["productVariants"] == [{"id": mine, "price": "3.50"}]
    assert shop.server.control("counts")["effects"] == {"productVariantsBulkUpdate": 1}


def test_a_deleted_product_leaves_an_event(shop: Shop) -> None:
    product = "gid://shopify/Product/4"
    shop.server.control("edit", {"resource": "products", "id": product, "delete": True})
    query = "{ deletionEvents(first: 5, subjectTypes: [PRODUCT]) { nodes { subjectId subjectType } } }"
    events = shop.ask(query)["data"]["deletionEvents"]["nodes"]
    assert {"subjectId": product, "subjectType": "PRODUCT"} in events
    assert shop.ask(f'{{ product(id: "{product}") {{ id }} }}')["data"]["product"] is None
