"""All systems in one warehouse: reads them into it, and holds the queries by which tests judge the result."""

from datetime import timedelta

from concord.contract import Window
from concord.installed import PRODUCT
from concord.stages.extract.read_window import extract_window
from concord.stages.validate.judge import validate_batch
from concord.store.engine import Database
from concord.testing.bench import Bench
from concord.testing.suite.test_reading import WHOLE
from sandbox.world import World
from tests.dbt.conftest import AS_OF, Reconciliation
from tests.dbt.desired import Wanted

READ = {
    "hubspot": ("contacts", "companies", "deals"),
    "netsuite": ("customers", "items", "sales_orders"),
    "sap": ("business_partners", "addresses", "products", "prices", "sales_orders"),
    "stripe": ("customers",),
    "klaviyo": ("profiles",),
    "legacy_sql": ("customers", "inbox"),
}
CONSENT = """
    select breaks.golden_id, breaks.golden_system, desired.email_consent
    from marts.desired_klaviyo__profiles as desired
    full join intermediate.int_consent__breaks as breaks on breaks.record_key = desired._key
    where breaks.record_key is not null or desired.email_consent is not null
"""
UNTOLD = """
    select golden_id, system, golden_system, golden_value, cause from marts.reconciliation_discrepancies
    where entity = 'shipment' and field = 'tracking_number'
"""
UNSAID = """
    select split_part(_entity_id, ':', 1), entity_key, message_text::jsonb ->> 'name_line_1',
        message_text::jsonb ->> 'name_line_2', message_entity
    from marts.desired_legacy_sql__inbox where _key is null order by 2
"""
TELL = """
    insert into validated.legacy_sql__inbox (
        _key, source_id, message_entity, entity_key, message_text, message_status, changed_at, _batch_id,
        _payload_hash
    )
    select _entity_id, _entity_id, message_entity, entity_key, message_text, 'N', now(), 'b', 'h'
    from marts.desired_legacy_sql__inbox where _key is null returning 1
"""
REVIEWED = "select customer_id, other_customer_id from marts.identity_reviews"
XREF = """
    select xref.customer_id, xref.system, coalesce(parties.party_code, xref.record_key)
    from marts.customer_xref as xref
    left join validated.tryton__parties as parties
        on xref.system = 'tryton' and xref.record_key = parties._key
"""


def read(database: Database, bench: Bench, name: str, *, window: Window = WHOLE, at_least: int = 100) -> None:
    """Read a resource from its running server into its validated table; more than `at_least` records must pass."""
    system = bench.system
    resource = system.resource(name)
    batch = extract_window(database, bench.session(), system=system, resource=resource, window=window)
    suites = PRODUCT / "expectations"
    counts = validate_batch(database, system=system, resource=resource, batch_id=batch, suites=suites)
    assert counts.validated > at_least, name


def ask_carrier(database: Database, bench: Bench) -> None:
    """Read the carrier's resources, which list the parcels and orders that the warehouse already holds."""
    for resource in bench.system.resources:
        read(database, bench, resource.name, window=Window(AS_OF - timedelta(days=1), AS_OF), at_least=5)


def is_wrong(item: Wanted, world: World, owners: dict[str, str]) -> bool:
    """Whether a change would give a field a value that is not the customer's."""
    value = f"+{item.after}" if item.column == "phone_digits" else item.after
    return not world.truth.is_right(owners[item.golden_id], item.fact, value)


def spoil(everyone: Reconciliation, table: str, column: str, where: str) -> str:
    """Overwrite a column of the first live record that fulfils `where`, as a person would; the record's key."""
    statement = (
        "update validated.{0} set {1} = 'Mistaken' where _key = "
        "(select min(_key) from validated.{0} where not _is_deleted and {2}) returning _key"
    )
    return str(everyone.value(statement.format(table, column, where)))
