"""The setting "State and Country/Territory Picklists": a country is a value of a list, with a name and a code."""

from sandbox.server.queries import Order, Where
from sandbox.server.records import Record, decode
from sandbox.server.store import Store
from sandbox.vendors.salesforce.errors import SalesforceError
from sandbox.vendors.salesforce.objects import ACCOUNT, Field, SObject
from sandbox.world.notation import read_country
from sandbox.world.pools import COUNTRIES

NAME, CODE = "BillingCountry", "BillingCountryCode"
_NAMES = {country.code: country.name for country in COUNTRIES}
_FIELD = Field(CODE, "picklist", 10, values=tuple(_NAMES))


def use_picklists(store: Store, *, is_on: bool) -> None:
    """Switch the setting; the countries of all accounts that the list knows get their code and their name."""
    ACCOUNT.fields.pop(CODE.lower(), None)
    if not is_on:
        return
    ACCOUNT.fields[CODE.lower()] = _FIELD
    rows = store.page(ACCOUNT.name, Where(), Order(), limit=1_000_000)
    store.load(ACCOUNT.name, [_converted(decode(row[2])) for row in rows])


def _converted(record: Record) -> Record:
    code = read_country(record.get(NAME))
    return {**record, CODE: code, NAME: _NAMES[code] if code else record.get(NAME)}


def with_both(sobject: SObject, values: Record) -> Record:
    """The values of a write with the country's name and code; without the setting they are as they were given."""
    if sobject.field(CODE) is None:
        return values
    if values.get(CODE):
        return {**values, NAME: _NAMES[values[CODE]]}
    name = values.get(NAME)
    if name is None:
        return {**values, CODE: None} if NAME in values else values
    code = next((code for code, known in _NAMES.items() if known == name), None)
    if code is None:
        message = (
            "There's a problem with this country, even though it may appear correct. Please select a "
            "country/territory from the list of valid countries."
        )
        raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, fields=(NAME,))
    return {**values, CODE: code}
