"""The vendor's own Python client works against the sandbox's Stripe."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import stripe
from stripe import StripeClient

from sandbox.launch import Server, start
from sandbox.load import load
from sandbox.vendors.stripe.vendor import KEY
from sandbox.world import generate

AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("stripe")
    load("stripe", folder, generate(7, as_of=AS_OF, customers=60, products=20, orders=300).of("stripe"))
    running = start("stripe", folder)
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> StripeClient:
    server.control("reset", {})
    server.control("limits", {"per_second": 0, "event_days": 3650})
    return StripeClient(KEY, base_addresses={"api": server.url}, max_network_retries=0)


def test_lists_go_on_by_themselves_newest_first(client: StripeClient) -> None:
    charges = list(client.v1.charges.list({"limit": 50}).auto_paging_iter())
    assert len(charges) > 200
    assert len({charge.id for charge in charges}) == len(charges)
    assert [charge.created for charge in charges] == sorted((charge.created for charge in charges), reverse=True)
    middle = charges[100].created
    older = client.v1.charges.list({"created": {"lt": middle}, "limit": 1}).data[0]
    assert older.created < middle
    before = client.v1.charges.list({"ending_before": charges[5].id, "limit": 3})
    assert [charge.id for charge in before.data] == [charge.id for charge in charges[2:5]]


def test_what_a_payout_holds_adds_up(client: StripeClient) -> None:
    payout = client.v1.payouts.list({"limit": 1}).data[0]
    held = list(client.v1.balance_transactions.list({"payout": payout.id, "limit": 10}).auto_paging_iter())
    assert len(held) > 10
    assert sum(item.net for item in held) == 0
    assert sum(item.net for item in held if item.type != "payout") >= payout.amount
    paid = client.v1.payouts.retrieve(payout.id, {"expand": ["balance_transaction"]})
    assert isinstance(paid.balance_transaction, stripe.BalanceTransaction)


def test_a_customer_is_made_changed_and_deleted_and_the_events_tell(client: StripeClient) -> None:
    made = client.v1.customers.create(
        {
            "email": "ada@example.com",
            "address": {"city": "London", "line2": "Flat 2"},
            "metadata": {"a": "1", "b": "2"},
        }
    )
    changed = client.v1.customers.update(made.id, {"metadata": {"a": "", "concord_id": "CUS-1"}, "name": "Ada"})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "concord_id": "CUS-1"}
    assert [item.id for item in client.v1.customers.list({"email": "ada@example.com"}).data] == [made.id]
    assert client.v1.customers.delete(made.id).deleted
    assert client.v1.customers.retrieve(made.id).to_dict() == {
        "id": made.id,
        "object": "customer",
        "deleted": True,
    }
    types = ["customer.created", "customer.updated", "customer.deleted"]
    told = client.v1.events.list({"types": types, "limit": 100}).data
    assert sorted(event.type for event in told if event.data.object["id"] == made.id) == sorted(types)


def test_a_refund_moves_its_charge_and_the_balance(client: StripeClient) -> None:
    charge = next(item for item in client.v1.charges.list({"limit": 20}).data if not item.amount_refunded)
    refund = client.v1.refunds.create({"charge": charge.id, "amount": 100})
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 100
    assert isinstance(refund.balance_transaction, str)
    assert client.v1.balance_transactions.retrieve(refund.balance_transaction).net == -100


def test_a_key_makes_two_requests_one(client: StripeClient) -> None:
    first = client.v1.customers.create({"name": "Once"}, {"idempotency_key": "k-1"})
    again = client.v1.customers.create({"name": "Once"}, {"idempotency_key": "k-1"})
    assert again.last_response is not None
    assert (again.id, again.last_response.headers["idempotent-replayed"]) == (first.id, "true")
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        client.v1.customers.create({"name": "Other"}, {"idempotency_key": "k-1"})


def test_refusals_reach_the_client_as_what_they_are(client: StripeClient, server: Server) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.create({"email": "nobody at nowhere"})
    assert (refused.value.code, refused.value.param) == ("email_invalid", "email")
    with pytest.raises(stripe.InvalidRequestError, match="No such charge"):
        client.v1.charges.retrieve("ch_none")
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: updated"):
        client.v1.charges.list({"updated": {"gte": 1}})  # type: ignore[arg-type]  # there is none
    with pytest.raises(stripe.AuthenticationError):
        StripeClient("rk_test_wrong", base_addresses={"api": server.url}).v1.charges.list()
    server.control("limits", {"per_second": 1})
    with pytest.raises(stripe.RateLimitError):
        [client.v1.charges.list() for _ in range(3)]


def test_a_held_object_is_tried_again_by_the_client(client: StripeClient, server: Server) -> None:
    key = client.v1.customers.list({"limit": 1}).data[0].id
    server.control("limits", {"locks": {key: 1}})
    patient = StripeClient(KEY, base_addresses={"api": server.url}, max_network_retries=2)
    assert patient.v1.customers.update(key, {"description": "held"}).description == "held"
