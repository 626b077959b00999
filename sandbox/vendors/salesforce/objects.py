"""The CRM's objects: their fields, what may be written, and how they are stored."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.server.clock import to_datetime, to_micros
from sandbox.server.records import Collection, Record

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SYSTEM_FIELDS = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an object."""

    name: str
    type: str = "string"
    length: int = 255
    is_required: bool = False
    is_writable: bool = True
    is_external_id: bool = False
    values: tuple[str, ...] = ()
    refers_to: str | None = None

    @property
    def relationship(self) -> str | None:
        """The name of the relationship to the referenced record."""
        return self.name.removesuffix("Id") if self.refers_to else None


@dataclass(frozen=True, slots=True)
class SObject:
    """One object of the CRM."""

    name: str
    prefix: str
    own_fields: tuple[Field, ...]
    lookups: tuple[str, ...]
    fields: dict[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        system = (
            Field("Id", "id", 18, is_writable=False),
            Field("IsDeleted", "boolean", 0, is_writable=False),
            *(Field(name, "datetime", 0, is_writable=False) for name in SYSTEM_FIELDS[2:]),
        )
        object.__setattr__(self, "fields", {item.name.lower(): item for item in (*system, *self.own_fields)})

    def field(self, name: str) -> Field | None:
        """A field by its name, in any case."""
        return self.fields.get(name.lower())

    def relationship(self, name: str) -> Field | None:
        """The reference field behind a relationship's name."""
        wanted = name.lower()
        return next((item for item in self.own_fields if (item.relationship or "").lower() == wanted), None)


ACCOUNT = SObject(
    "Account",
    "001",
    (
        Field("Name", is_required=True),
        Field("Type", "picklist", 40),
        Field("AccountNumber", length=40),
        Field("Phone", "phone", 40),
        Field("Website", "url"),
        Field("BillingStreet", "textarea"),
        Field("BillingCity", length=40),
        Field("BillingPostalCode", length=20),
        Field("BillingCountry", length=80),
        Field("Concord_Id__c", length=64, is_external_id=True),
        Field("MasterRecordId", "reference", 18, is_writable=False),
    ),
    ("Concord_Id__c", "AccountNumber", "Name"),
)
CONTACT = SObject(
    "Contact",
    "003",
    (
        Field("AccountId", "reference", 18, refers_to="Account"),
        Field("FirstName", length=40),
        Field("LastName", length=80, is_required=True),
        Field("Email", "email", 80),
        Field("Phone", "phone", 40),
        Field("Title", length=128),
        Field("Concord_Id__c", length=64, is_external_id=True),
        Field("MasterRecordId", "reference", 18, is_writable=False),
    ),
    ("Concord_Id__c", "AccountId", "Email"),
)
ORDER = SObject(
    "Order",
    "801",
    (
        Field("OrderNumber", length=30, is_writable=False),
        Field("Shop_Order__c", length=64, is_external_id=True),
        Field("Wholesale_Order__c", length=64, is_external_id=True),
        Field("AccountId", "reference", 18, is_required=True, refers_to="Account"),
        Field("Status", "picklist", 40, is_required=True, values=("Draft", "Activated", "Completed", "Cancelled")),
        Field("TotalAmount", "currency", 0, is_writable=False),
        Field("Wholesale_Amount__c", "currency", 0),
        Field("PoNumber", length=80),
        Field("CurrencyIsoCode", "picklist", 3),
        Field("EffectiveDate", "date", 0, is_required=True),
        Field("Delivery_Status__c"),
    ),
    ("Shop_Order__c", "Wholesale_Order__c", "AccountId", "OrderNumber"),
)
OBJECTS = {item.name.lower(): item for item in (ACCOUNT, CONTACT, ORDER)}


def stamp(micros: int) -> str:
    """A stamp as the API shows it: an offset without a colon."""
    precision = "microseconds" if micros % 1000 else "milliseconds"
    return to_datetime(micros).replace(tzinfo=None).isoformat(timespec=precision) + "+0000"


def long_id(record_id: str) -> str:
    """The 18-character form of an id; any other text is returned unchanged, and matches nothing."""
    if len(record_id) != 15 or not record_id.isalnum():
        return record_id
    bits = (
        sum(1 << place for place, letter in enumerate(record_id[start : start + 5]) if "A" <= letter <= "Z")
        for start in (0, 5, 10)
    )
    return record_id + "".join(_CHECK[number] for number in bits)


def new_id(sobject: SObject, number: int) -> str:
    """The id of the nth record that is created here, outside the range of loaded records."""
    tail = ""
    while number:
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    return long_id(f"{sobject.prefix}Sb{tail:0>10}")


def _collection(sobject: SObject) -> Collection:
    def value_of(name: str) -> Any:
        return lambda record: record.get(name)

    return Collection(
        sobject.name,
        "Id",
        "SystemModstamp",
        long_id,
        lambda record: to_micros(record["SystemModstamp"]),
        {name: value_of(name) for name in sobject.lookups},
        "IsDeleted",
    )


COLLECTIONS = tuple(_collection(sobject) for sobject in (ACCOUNT, CONTACT, ORDER))


def prepared(record: Record) -> Record:
    """A record of a load file as it is stored; both stamps are the same."""
    record = {**record, "IsDeleted": bool(record.get("IsDeleted")), "Id": long_id(record["Id"])}
    modified = record.pop("LastModifiedDate", None)
    record["SystemModstamp"] = record.get("SystemModstamp") or modified or record.get("CreatedDate")
    return record


def describe(sobject: SObject, version: str) -> dict[str, Any]:
    """The response to a describe call for an object."""
    return {
        "name": sobject.name,
        "label": sobject.name,
        "keyPrefix": sobject.prefix,
        "queryable": True,
        "createable": True,
        "updateable": True,
        "deletable": True,
        "urls": {"sobject": f"/services/data/{version}/sobjects/{sobject.name}"},
        "fields": [_described(item) for item in sobject.fields.values()],
    }


def _described(item: Field) -> dict[str, Any]:
    return {
        "name": item.name,
        "type": item.type,
        "length": item.length,
        "precision": 18 if item.type == "currency" else 0,
        "scale": 2 if item.type == "currency" else 0,
        "nillable": not item.is_required,
        "createable": item.is_writable,
        "updateable": item.is_writable,
        "externalId": item.is_external_id,
        "unique": item.is_external_id,
        "idLookup": item.is_external_id or item.name == "Id",
        "restrictedPicklist": bool(item.values),
        "picklistValues": [{"value": value, "label": value, "active": True} for value in item.values],
        "referenceTo": [item.refers_to] if item.refers_to else [],
        "relationshipName": item.relationship,
    }
