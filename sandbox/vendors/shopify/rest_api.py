"""The legacy REST lists, as far as the vendor's Python client reads them."""

import base64
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response

from sandbox.server.clock import to_micros
from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode, encode
from sandbox.server.store import Store
from sandbox.server.tokens import Tokens
from sandbox.vendors.shopify.collections import email_of, gid, number_of, phone_of

_DEFAULT_LIMIT = 50
_LARGEST_LIMIT = 250
_BAD_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def customer_in_rest(customer: Record) -> dict[str, Any]:
    """A customer in the form of the REST API."""
    address = customer.get("defaultAddress")
    return {
        "id": number_of(customer["id"]),
        "admin_graphql_api_id": customer["id"],
        "first_name": customer.get("firstName"),
        "last_name": customer.get("lastName"),
        "email": email_of(customer),
        "phone": phone_of(customer),
        "note": customer.get("note"),
        "created_at": customer.get("createdAt"),
        "updated_at": customer.get("updatedAt"),
        "default_address": address
        and {
            "company": address.get("company"),
            "address1": address.get("address1"),
            "city": address.get("city"),
            "zip": address.get("zip"),
            "country_code": address.get("countryCodeV2"),
        },
    }


def order_in_rest(order: Record) -> dict[str, Any]:
    """An order in the form of the REST API."""
    total = ((order.get("totalPriceSet") or {}).get("shopMoney") or {}).get("amount")
    return {
        "id": number_of(order["id"]),
        "admin_graphql_api_id": order["id"],
        "name": order.get("name"),
        "email": order.get("email"),
        "test": order.get("test", False),
        "currency": order.get("currencyCode"),
        "total_price": total,
        "financial_status": (order.get("displayFinancialStatus") or "").lower() or None,
        "cancelled_at": order.get("cancelledAt"),
        "created_at": order.get("createdAt"),
        "updated_at": order.get("updatedAt"),
        "customer": {"id": number_of(order["customer"]["id"])} if order.get("customer") else None,
        "line_items": [_line_in_rest(line) for line in order.get("lineItems") or ()],
    }


def _line_in_rest(line: Record) -> dict[str, Any]:
    price = ((line.get("originalUnitPriceSet") or {}).get("shopMoney") or {}).get("amount")
    return {"id": number_of(line["id"]), "sku": line.get("sku"), "quantity": line.get("quantity"), "price": price}


_LISTS: dict[str, tuple[str, Callable[[Record], dict[str, Any]]]] = {
    "customers": ("Customer", customer_in_rest),
    "orders": ("Order", order_in_rest),
}


def add_rest(app: FastAPI, store: Store, tokens: Tokens, served_version: Callable[[str], str | None]) -> None:
    """Add the lists, single records and counts of customers and orders."""

    def guarded(version: str, request: Request, respond: Callable[[], Response]) -> Response:
        served = served_version(version)
        if served is None:
            return _json(404, {"errors": "Not Found"})
        if not tokens.is_valid(request.headers.get("x-shopify-access-token")):
            return _json(401, _BAD_TOKEN)
        response = respond()
        response.headers["x-shopify-api-version"] = served
        response.headers["x-shopify-shop-api-call-limit"] = "1/400"
        return response

    @app.get("/admin/api/{version}/{resource}/count.json")
    async def count(version: str, resource: str, request: Request) -> Response:
        return guarded(version, request, lambda: _counted(store, resource, request.query_params))

    @app.get("/admin/api/{version}/{resource}/{number}.json")
    async def single(version: str, resource: str, number: int, request: Request) -> Response:
        return guarded(version, request, lambda: _single(store, resource, number))

    @app.get("/admin/api/{version}/{resource}.json")
    async def listed(version: str, resource: str, request: Request) -> Response:
        return guarded(version, request, lambda: _listed(store, resource, request))


def _counted(store: Store, resource: str, query: Mapping[str, str]) -> Response:
    if resource not in _LISTS:
        return _json(404, {"errors": "Not Found"})
    return _json(200, {"count": store.count(resource, _where(query))})


def _single(store: Store, resource: str, number: int) -> Response:
    type_name, dress = _LISTS.get(resource, ("", customer_in_rest))
    record = store.get(resource, gid(type_name, number)) if type_name else None
    if record is None:
        return _json(404, {"errors": "Not Found"})
    return _json(200, {resource.removesuffix("s"): dress(record)})


def _listed(store: Store, resource: str, request: Request) -> Response:
    if resource not in _LISTS:
        return _json(404, {"errors": "Not Found"})
    query = dict(request.query_params)
    token = query.pop("page_info", None)
    limit = min(int(query.pop("limit", _DEFAULT_LIMIT)), _LARGEST_LIMIT)
    position = 0
    if token:
        if query.keys() - {"fields"}:
            return _json(400, {"errors": {"page_info": "Invalid value."}})
        kept = decode(base64.urlsafe_b64decode(token))
        query, position = kept["query"], kept["last_id"]
    where = _where(query).and_("key > ?", max(position, int(query.get("since_id", 0))))
    rows = store.page(resource, where, Order(), limit=limit + 1)
    dress = _LISTS[resource][1]
    response = _json(200, {resource: [dress(decode(row[2])) for row in rows[:limit]]})
    if len(rows) > limit:
        following = {"query": query, "last_id": rows[limit - 1][0]}
        page_info = base64.urlsafe_b64encode(encode(following)).decode()
        address = f"{request.url.replace(query='')}?{urlencode({'limit': limit, 'page_info': page_info})}"
        response.headers["link"] = f'<{address}>; rel="next"'
    return response


def _where(query: Mapping[str, str]) -> Where:
    where = Where()
    for name, sign in (("updated_at_min", ">="), ("updated_at_max", "<=")):
        if name in query:
            where = where.and_(f"updated_at {sign} ?", to_micros(query[name]))
    if "ids" in query:
        numbers = [int(number) for number in query["ids"].split(",")]
        where = where.and_(f"key in ({', '.join('?' for _ in numbers)})", *numbers)
    return where


def _json(status: int, body: object) -> Response:
    return Response(encode(body), status, media_type="application/json; charset=utf-8")
