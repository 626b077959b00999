"""GraphQL: what a declaration names of the address, lists, single records, results and writes."""

from concord.protocols.graphql.api import GraphQLApi, GraphQLRules
from concord.protocols.graphql.lists import GraphQLList, SingleNode
from concord.protocols.graphql.nested import Nested
from concord.protocols.graphql.results import Result
from concord.protocols.graphql.writes import GraphQLWrites, Mutating

__all__ = [
    "GraphQLApi",
    "GraphQLList",
    "GraphQLRules",
    "GraphQLWrites",
    "Mutating",
    "Nested",
    "Result",
    "SingleNode",
]
