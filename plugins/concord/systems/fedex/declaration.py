"""FedEx, the carrier: it owns where a parcel is; what the shop handed over is tracked until it has arrived.

API: https://developer.fedex.com/api/en-us/catalog/track/v1/docs.html

Know before you touch:
- It lists nothing: the numbers asked for are those of the shop's fulfillments that have not arrived, for as long
  as FedEx remembers them. A parcel that has arrived is not asked for again and stays as it was last told.
- A parcel that the shop does not know is found by our reference: one call for each order that the ERP calls done
  and that has no parcel in the shop. A reference that is not known is a record without parcels.
- A response is 200 even where a number is refused; the refusal is set aside as a dead letter, until the number
  is known. Numbers of parcels that were never handed over stay there.
- Numbers are used again: they are asked for with the days since the order came, later with their unique id.
- Times are local to where the scan was, mostly with an offset, some without: the text is kept as it came, and
  a moment is only made of one that names its offset.
- Tokens live an hour and are asked for once: after a burst of logins every login is refused with 403 for minutes.
- The tracking calls of a project share 100,000 requests a day; the project 1,400 in ten seconds.
"""

from concord.contract import (
    ORDER_NAME,
    TRACKING_NUMBER,
    Field,
    Form,
    Kind,
    RateLimit,
    Resource,
    System,
    VendorRules,
    Worklist,
)
from concord.protocols.session.auth import ClientCredentials
from concord.systems.fedex.account import ACCOUNT
from concord.systems.fedex.references import FedExReferences
from concord.systems.fedex.tracking import FedExTracking

NO_PARCELS = """
select null::text as number, null::text as carrier_name, null::timestamptz as created_at,
    null::timestamptz as told_at
where false
"""
NO_UNSHIPPED_ORDERS = "select null::text as order_name, null::timestamptz as created_at where false"
NO_DONE_ORDERS = "select null::text as order_name where false"
# A parcel left after its order came, and maybe days before anybody told the shop.
OPEN_PARCELS = """
with shipped as (
    select number, max(told_at) as told_at, max(coalesce(created_at, told_at - interval '10 days')) as ordered_at
    from ({parcels}) as parcels
    where number <> '' and carrier_name ~* 'fedex'
    group by number
)
select shipped.number, told.unique_id,
    (shipped.ordered_at at time zone 'UTC')::date - 1 as shipped_from,
    (shipped.told_at at time zone 'UTC')::date + 10 as shipped_until
from shipped
left join validated.fedex__tracking as told
    on shipped.number = told.tracking_number and shipped.ordered_at < told.shipped_at + interval '1 day'
where coalesce(told.status_code, '') not in ('DL', 'CA')
    and shipped.told_at between %(as_of)s - interval '90 days' and %(as_of)s
order by shipped.number
"""
# Those never asked for come first; of the others a different part each day, so that a night's calls are bounded.
UNSHIPPED_ORDERS = """
select orders.order_name as reference, (orders.created_at at time zone 'UTC')::date as shipped_from,
    (%(as_of)s at time zone 'UTC')::date as shipped_until
from ({unshipped_orders}) as orders
left join validated.fedex__references as told on orders.order_name = told.reference
where orders.created_at between %(as_of)s - interval '90 days' and %(as_of)s - interval '1 day'
    and orders.order_name in (select order_name from ({done_orders}) as done)
order by told.reference is not null, md5(orders.order_name || (%(as_of)s at time zone 'UTC')::date::text)
limit 500
"""
ZONED = "^.*T[0-9:.]+(?:[+-][0-9:]+|Z)$"


def moment_of(*types: str) -> str:
    """SQL for the text of the first date of one of these types."""
    wanted = " || ".join(f'@.type == "{name}"' for name in types)
    return f"(jsonb_path_query_first({{}}::jsonb, '$[*] ? ({wanted}).dateTime') #>> '{{{{}}}}')"


def local_and_utc(name: str, *types: str) -> tuple[Field, Field]:
    """A date as FedEx wrote it, and as a moment where the text names its offset."""
    text = moment_of(*types)
    zoned = Form(sql=f"substring({text} from '{ZONED}')")
    return (
        Field("dateAndTimes", f"{name}_local", form=Form(sql=text), landed_as_json=True, json_type="array"),
        Field("dateAndTimes", name, Kind.TIMESTAMP, form=zoned, landed_as_json=True, json_type="array"),
    )


def reference(kind: str) -> Form:
    """SQL for the first of our own references of one kind on the parcel."""
    path = f'$[*] ? (@.type == "{kind}").values[0]'
    return Form(sql=f"(jsonb_path_query_first({{}}::jsonb, '{path}') #>> '{{{{}}}}')")


tracking = Resource(
    name="tracking",
    entity="shipment",
    links={"tracking_number": TRACKING_NUMBER, "customer_reference": ORDER_NAME},
    read=FedExTracking(),
    key="tracking_number",
    fields=(
        Field("trackingNumberInfo.trackingNumber", "tracking_number", required=True),
        Field("trackingNumberInfo.trackingNumberUniqueId", "unique_id"),
        Field("trackingNumberInfo.carrierCode", "carrier_code"),
        Field("latestStatusDetail.code", "status_code"),
        Field("latestStatusDetail.description", "status_text"),
        Field("latestStatusDetail.ancillaryDetails", "status_details", Kind.JSON),
        Field("serviceDetail.type", "service_type"),
        Field("deliveryDetails.deliveryAttempts", "delivery_attempts", Kind.INTEGER),
        Field("packageDetails.count", "package_count", Kind.INTEGER),
        Field(
            "additionalTrackingInfo.packageIdentifiers",
            "customer_reference",
            form=reference("CUSTOMER_REFERENCE"),
            landed_as_json=True,
            json_type="array",
        ),
        *local_and_utc("shipped_at", "SHIP", "ACTUAL_PICKUP", "ACTUAL_TENDER", "SHIPMENT_DATA_RECEIVED"),
        *local_and_utc("delivered_at", "ACTUAL_DELIVERY"),
        *local_and_utc("estimated_delivery_at", "ESTIMATED_DELIVERY", "COMMITMENT"),
        Field("scanEvents", "scans", Kind.JSON),
        Field("error.code", "error_code"),
        Field("error.message", "error_message"),
    ),
    changes=Worklist(OPEN_PARCELS, needs={"parcels": NO_PARCELS}),
)

references = Resource(
    name="references",
    entity="shipment",
    links={"reference": ORDER_NAME},
    read=FedExReferences(),
    key="reference",
    fields=(Field("reference", "reference", required=True), Field("parcels", "parcels", Kind.JSON)),
    changes=Worklist(
        UNSHIPPED_ORDERS, needs={"unshipped_orders": NO_UNSHIPPED_ORDERS, "done_orders": NO_DONE_ORDERS}
    ),
)

SYSTEM = System(
    name="fedex",
    title="FedEx",
    connection="fedex_default",
    auth=ClientCredentials("/oauth/token", header="Authorization", prefix="Bearer ", lifetime=3_600, barred=403),
    # The documents say 10,000 calls a day in one place and 100,000 in another.
    rate_limit=RateLimit(per_second=10, burst=10, concurrency=1, per_day=10_000),
    account=ACCOUNT,
    roles={"carrier": 1},
    resources=(tracking, references),
    owns="where a parcel is",
    api_version="v1",
    rules=VendorRules(reasons=("errors.message",)),
)
