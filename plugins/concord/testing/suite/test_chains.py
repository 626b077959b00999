"""What every system must hold to when the answer to a call of a writer is lost, whichever call it is.

A writer carries out a plan undisturbed, which shows how many calls that takes. Then it carries out further plans,
and of each the answer to another call is lost, after the vendor has acted. Without `FUZZ` in the environment these
are two calls of a writer, and else twelve, or all that it makes.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from concord.contract import Change, Lookup
from concord.errors import TransientError
from concord.protocols.writing import settle
from concord.stages.extract.read_window import extract_matching
from concord.stages.validate.judge import validate_batch
from concord.store.engine import TRANSFORMER
from concord.store.tables import validated_table
from concord.testing.bench import by_key, read_all
from concord.testing.case import Case, new_id
from concord.testing.suite.test_read_back import SystemTrip, texts
from concord.testing.suite.test_writing import case as case_of_good_values
from concord.testing.suite.test_writing import creates, is_finished, on_creates, on_updates

MOST_CUTS = 12 if os.environ.get("FUZZ") else 2  # spread evenly over the calls, the last one included
TOGETHER = 2  # changes of one plan
TASK_ATTEMPTS = 4
FIRST_NUMBER = 101
ENDS = "select state, message, attempts, record_key from ops.changes where plan_id = %s"
plain_case = case_of_good_values
pytestmark = pytest.mark.timeout(900)  # a real server takes its time over a workflow's steps


class Chain:
    """Plans for one resource, carried out one after the other, each without the answer to one call."""

    def __init__(self, trip: SystemTrip, case: Case) -> None:
        self.trip, self.case, self.runs, self.lost = trip, case, 0, 0
        self.keys: list[str] = []

    def hold(self, changes: Sequence[Change]) -> list[Change]:
        """Read the records into the warehouse, as a night before would; the changes of those that are valid."""
        values = [str(change.key) for change in changes]
        lookup = Lookup(name=self.case.resource.key, values=values, reference="before")
        system, resource, store = self.trip.system, self.case.resource, self.trip.database
        with self.trip.open() as session:
            batch = extract_matching(store, session, system=system, resource=resource, lookup=lookup)
        validate_batch(store, system=system, resource=resource, batch_id=batch, suites=self.trip.suites)
        held = sql.SQL("select _key from {}").format(validated_table(system, resource))
        with self.trip.database.transaction() as connection:
            valid = {str(row[0]) for row in connection.execute(held).fetchall()}
        return [change for change in changes if change.key in valid]

    def write(self, changes: Sequence[Change], *, cut: int = 0) -> tuple[int, int]:
        """Carry out a plan of these changes, without the answer to its call number `cut`; all must be confirmed.

        How many calls it took, and how many effects all records show for it, 0 where they are not counted.
        """
        plan_id, desk = self._plan(changes), self.case.bench.desk
        calls, effects = desk.calls(), sum(self._effects(str(change.key)) for change in changes if change.key)
        if cut:
            desk.cut(cut)
        self._apply(plan_id)
        self.lost += bool(cut) and desk.has_cut()
        calls = desk.calls() - calls
        ends = self.trip.rows(ENDS, plan_id)
        assert len(ends) == len(changes), f"the plan before call {cut} lacks a change"
        assert {str(state) for state, *_ in ends} == {"confirmed"}, f"call {cut} of {calls}: {ends}"
        keys = [str(key) for *_, key in ends]
        self.keys += keys
        return calls, sum(self._effects(key) for key in keys) - effects

    def write_with_each_cut(self, changes: Sequence[Change]) -> None:
        """One plan undisturbed and others with a lost answer each; each has the same effect.

        The first plan learns what the account is like, so another may need fewer calls; a later one loses it then.
        """
        plans = [changes[start : start + TOGETHER] for start in range(0, len(changes), TOGETHER)]
        calls, effects = self.write(plans[0])
        count = min(max(calls, 1), len(plans) - 1)
        for place, plan in enumerate(plans[1 : count + 1], start=1):
            cut = -(-place * calls // count)
            _, found = self.write(plan, cut=cut)
            assert found == effects, f"without the answer to call {cut} of {calls} there are other effects"
        assert self.lost

    def _plan(self, changes: Sequence[Change]) -> str:
        self.runs += 1
        resource = self.case.resource
        with self.trip.database.transaction(TRANSFORMER) as connection:
            wishes = sql.Identifier("marts", f"desired_{self.trip.system.name}__{resource.name}")
            connection.execute(sql.SQL("truncate {}").format(wishes))
        for number, change in enumerate(changes):
            values = change.after if change.key is None else texts(change.after)
            self.trip.want_values(resource, f"E-{self.runs}-{number}", change.key, values)
        return self.trip.plan_approved(new_id("night"))

    def _apply(self, plan_id: str) -> None:
        """As a task that is tried again after an error that may pass."""
        for attempt in range(1, TASK_ATTEMPTS + 1):
            try:
                self.trip.apply(plan_id)
            except TransientError:
                if attempt == TASK_ATTEMPTS:
                    raise
            else:
                return

    def _effects(self, key: str) -> int:
        found = self.case.bench.desk.effects(self.case.resource, key)
        return found if isinstance(found, int) else 0


@pytest.fixture
def case(plain_case: Case) -> Iterator[Case]:
    """The case of the tests of writing; what was updated says afterwards what it said before."""
    yield plain_case
    plain_case.bench.desk.reset()
    if plain_case.given:
        restore(plain_case)
    plain_case.session.close()


def restore(case: Case) -> None:
    """Write back what the records said, in as few calls as the writer knows."""
    assert case.resource.writes is not None
    writer = case.resource.writes.writer
    records = by_key(case.resource, read_all(case.session, case.resource))
    guards = [case.resource.field(name) for name in case.resource.guards]
    back = [
        replace(
            change,
            change_id=new_id("back"),
            before=change.after,
            after=change.before,
            guard={guard.name: case.value_of(records[str(change.key)], guard) for guard in guards},
        )
        for change in case.given
    ]
    for start in range(0, len(back), writer.size):
        settle(back[start : start + writer.size], lambda group: writer.write(case.session, case.resource, group))


@pytest.fixture
def chain(database: str, case: Case, tmp_path: Path) -> Chain:
    trip = SystemTrip(database, case.bench, case.resource, tmp_path / "suites")
    trip.prepare()
    return Chain(trip, case)


@on_updates
def test_an_update_whose_answer_is_lost_at_any_call_ends_right(chain: Chain, case: Case) -> None:
    changes = chain.hold(case.possible_changes())[-(MOST_CUTS + 1) * TOGETHER :]
    case.given += changes
    chain.write_with_each_cut(changes)
    written = [change for change in changes if change.key in chain.keys]
    assert len(written) == len(chain.keys) >= 2 * TOGETHER
    assert case.holds(*written)


@on_creates
def test_a_create_whose_answer_is_lost_at_any_call_ends_right(chain: Chain, case: Case) -> None:
    before = set(by_key(case.resource, read_all(case.session, case.resource)))
    chain.write_with_each_cut(creates(case, *range(FIRST_NUMBER, FIRST_NUMBER + (MOST_CUTS + 1) * TOGETHER)))
    after = by_key(case.resource, read_all(case.session, case.resource))
    assert sorted(set(after) - before) == sorted(chain.keys)
    assert len(chain.keys) >= 2 * TOGETHER
    assert all(is_finished(case, after[key]) for key in chain.keys)
