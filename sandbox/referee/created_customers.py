"""Finds the customers that a night created: to which true customer each new record belongs."""

from collections.abc import Iterator, Mapping

from sandbox.referee.flat_other_records import Fields
from sandbox.referee.flat_records import find_flat, flatten
from sandbox.referee.verdict import After
from sandbox.world import World
from sandbox.world.systems import find_truths

_NOT_OF_THE_CUSTOMER = {"is_deleted", "is_active", "account", "account_number"}


def customer_fields(values: Fields) -> Fields:
    """The fields that are filled and describe the customer."""
    return {name: value for name, value in values.items() if value and name not in _NOT_OF_THE_CUSTOMER}


def read_new_customers(world: World, after: After, system: str) -> Mapping[str, Fields]:
    """What the customer records say that were not loaded into the system, by key; all parts of one together."""
    own = find_truths().get(system)
    found: dict[str, Fields] = {}
    if own is None or system not in after:
        return found
    parts = [resource for name, resource in find_flat() if name == system]
    for resource in parts:
        if own.owners.get(resource, resource) == own.customers and resource in after[system]:
            known = {flatten(system, resource, record)[0] for record in world.records(system, resource)}
            for record in after[system][resource]:
                key, fields = flatten(system, resource, record)
                if key not in known:
                    found[key] = {**found.get(key, {}), **customer_fields(fields)}
    return found


def name_created_customers(world: World, after: After) -> Iterator[tuple[str, str]]:
    """The name `system/resource/key` of each new customer record, and the world id of its customer."""
    for system, own in find_truths().items():
        for key, fields in read_new_customers(world, after, system).items():
            world_id = world.truth.find_customer(fields)
            if world_id is not None:
                yield f"{system}/{own.customers}/{key}", world_id
