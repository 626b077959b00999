"""Several mutations in one document, each under an alias.

https://spec.graphql.org/October2021/#sec-Mutation
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from concord.contract import Session
from concord.protocols.graphql.api import GraphQLApi


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mutation: its name, its arguments as pairs of type and value, and the selection of what it returns."""

    name: str
    arguments: Mapping[str, tuple[str, object]]
    returns: str
    directive: str = ""


def run_mutations(api: GraphQLApi, session: Session, mutations: Sequence[Mutation]) -> list[msgspec.Raw | None]:
    """Carry out the mutations by one call; gives what each returned, None where there is nothing."""
    declared: list[str] = []
    calls: list[str] = []
    variables: dict[str, object] = {}
    for number, mutation in enumerate(mutations):
        for name, (kind, value) in mutation.arguments.items():
            variables[f"{name}{number}"] = value
            declared.append(f"${name}{number}: {kind}")
        given = ", ".join(f"{name}: ${name}{number}" for name in mutation.arguments)
        calls.append(f"m{number}: {mutation.name}({given}) {mutation.directive} {{{mutation.returns}}}")
    query = f"mutation({', '.join(declared)}) {{{' '.join(calls)}}}"
    data = api.run(session, query, variables, is_write=True)
    return [data.get(f"m{number}") for number in range(len(mutations))]
