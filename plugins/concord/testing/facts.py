"""What the standard suite must know of a system."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from concord.contract import Field, Resource
from concord.protocols.session.client import HttpSession
from concord.protocols.values import Record
from concord.testing.bench import Bench
from concord.testing.desk import Values
from sandbox.world import World


def no_new_record(_bench: Bench, _session: HttpSession, resource: Resource, _number: int) -> dict[str, object]:
    """For systems in which nothing is created."""
    raise AssertionError(f"{resource.name} is created, but its bench does not say with which values")


@dataclass(frozen=True)
class Facts:
    """What the standard suite must know of a system. Most of it is by resource; two entries are always needed.

    The server and what there is:

    - `open`: a context that starts the server, filled from the world, in a folder of its own, and gives the bench
    - `first`: the resource that stands for all
    - `few`: how many records of a resource there are at least, where that is no more than 20
    - `empty_at_first`: fields by resource that no record has at the start, with the reason
    - `unfit`: whether a record is one that the suite must not change
    - `absent_key`: a key that no record has, from one that a record has
    - `read_moment`: when a record changed, where its change field does not say it in ISO or in seconds
    - `read_value`: what a field says, where that is not simply at its path
    - `is_http`: False for a system that gives no HTTP statuses

    Writing:

    - `good`, `bad`: values of an update that the vendor takes, and that it refuses
    - `every`: a good value for each further field that may be updated
    - `apart`: writes that another test shows, by resource and field, with the reason
    - `new_record`: the values of a new record, from a number that no other one has
    - `broken`: what makes a new record one that the vendor refuses
    - `finished`: what a new record must say when all steps of its creation were taken
    - `settles_lost_writes`: a write whose answer was lost is found again by a key of its own, or made then
    - `unnamed`: values by path that a person gave a record, and of which the declaration may know nothing
    - `moves`: the names that the vendor itself changes with a write
    - `no_numbers`: lists by resource and field that are written and hold no numbers, with the reason

    What the vendor tells:

    - `refused`: words of a real server, for the `read` of a field that it lacks and, by resource, for `bad` values
    - `merge`: how a person makes one record of two; gets both keys, returns the one that lives on
    - `never_deleted`: why it does no harm that deletions in a resource are not noticed
    - `whole_lists`: how each list inside of a record is read to its end, by resource and field
    - `dispensable`: a resource with a field of text without which it can be read and written, if not `first`
    - `undescribed`: resources of whose fields the vendor tells nothing, with the reason
    - `retyped`: resources whose description tells types, if not `first`
    - `unmarked`: resources of which no text stands in one record alone, with the reason
    - `in_bulk`: resources also read in bulk if the connection says `bulk_read_above = 0`: `csv` or `lines`

    And `skips`: tests by name, without `test_`, that say nothing about this system, with the reason.
    """

    open: Callable[[World, Path], AbstractContextManager[Bench]]
    first: str
    good: Mapping[str, Values] = field(default_factory=dict)
    bad: Mapping[str, Values] = field(default_factory=dict)
    broken: Mapping[str, Values] = field(default_factory=dict)
    every: Mapping[str, Values] = field(default_factory=dict)
    apart: Mapping[tuple[str, str], str] = field(default_factory=dict)
    merge: Mapping[str, Callable[[Bench, str, str], str]] = field(default_factory=dict)
    finished: Mapping[str, Values] = field(default_factory=dict)
    new_record: Callable[[Bench, HttpSession, Resource, int], dict[str, object]] = no_new_record
    empty_at_first: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unfit: Callable[[Record], bool] = lambda record: False
    absent_key: Callable[[str], str] = lambda key: f"{key[:-1]}9999999"
    read_moment: Callable[[Resource, Record], datetime] | None = None
    read_value: Callable[[Field, Any], object] = lambda field, value: value
    settles_lost_writes: bool = False
    is_http: bool = True
    few: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    unnamed: Mapping[str, Values] = field(default_factory=dict)
    moves: frozenset[str] = frozenset()
    never_deleted: Mapping[str, str] = field(default_factory=dict)
    whole_lists: Mapping[tuple[str, str], str] = field(default_factory=dict)
    dispensable: str = ""
    undescribed: Mapping[str, str] = field(default_factory=dict)
    retyped: tuple[str, ...] = ()
    unmarked: Mapping[str, str] = field(default_factory=dict)
    in_bulk: Mapping[str, str] = field(default_factory=dict)
    no_numbers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    skips: Mapping[str, str] = field(default_factory=dict)
