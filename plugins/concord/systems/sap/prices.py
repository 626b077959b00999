"""SAP's prices: condition records of one type in one sales area, with a row for each period in which one is valid.

Prices for single customers and groups of them come, too; staging keeps those for everybody.
"""

from concord.contract import Field, Kind, Resource, Snapshot
from concord.protocols.odata.lists import EntitySet
from concord.protocols.odata.service import COMPOSED_KEY, EntityKey
from concord.protocols.odata.values import AS_TICKS_DAY
from concord.systems.sap.services import PRICE_TERMS, PRICES

_RATE = "to_SlsPrcgConditionRecord"
_CURRENT = (
    "ConditionType eq {price_condition_type} and SalesOrganization eq {sales_organization} "
    "and DistributionChannel eq {distribution_channel}"
)

prices = Resource(
    name="prices",
    entity="product_part",
    links={},
    valid=("valid_from_date", "valid_to_date"),
    read=EntitySet(
        PRICES,
        "A_SlsPrcgCndnRecdValidity",
        EntityKey(("ConditionRecord", "ConditionValidityEndDate"), {"ConditionValidityEndDate": "Edm.DateTime"}),
        only=_CURRENT,
        expand=(_RATE,),
        options=PRICE_TERMS,
    ),
    key="source_id",
    fields=(
        Field(COMPOSED_KEY, "source_id", required=True),
        Field("Material", "product_source_id"),
        Field("Customer", "customer_source_id"),
        Field("CustomerPriceGroup", "price_group_code"),
        Field("PriceListType", "price_list_code"),
        Field("ConditionReleaseStatus", "release_status"),
        Field("ConditionValidityStartDate", "valid_from_date", Kind.DATE, form=AS_TICKS_DAY),
        Field("ConditionValidityEndDate", "valid_to_date", Kind.DATE, form=AS_TICKS_DAY),
        Field(f"{_RATE}.ConditionRateValue", "rate_amount", Kind.DECIMAL),
        Field(f"{_RATE}.ConditionRateValueUnit", "currency_code"),
        Field(f"{_RATE}.ConditionQuantity", "per_quantity", Kind.DECIMAL),
        Field(f"{_RATE}.ConditionQuantityUnit", "per_unit"),
        Field(f"{_RATE}.ConditionIsDeleted", "is_marked_for_deletion", Kind.BOOLEAN),
    ),
    changes=Snapshot(),
)
