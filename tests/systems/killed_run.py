"""A run that writes to the CRM by one bulk job, for a test to kill: the changes come by standard input."""

import sys
from dataclasses import replace

import msgspec

from concord.contract import Change
from concord.protocols.session.auth import ClientCredentials
from concord.protocols.session.client import HttpSession
from concord.registry import system
from concord.settings import Connection


def main() -> None:
    changes = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Change])
    connection = Connection("salesforce_default", sys.argv[1], "sandbox-client", "sandbox-secret")
    connection = replace(connection, extra={"bulk_write_above": "10"})
    auth = ClientCredentials("/services/oauth2/token", header="Authorization", prefix="Bearer ")
    resource = system("salesforce").resource("accounts")
    assert resource.writes is not None
    resource.writes.writer.write(HttpSession(connection, auth), resource, changes)


main()
