"""How a session of Tryton begins."""

from concord.protocols.session.auth import AsHeader, InBody, LoginCall, TokenLogin


def new_login() -> TokenLogin:
    """A session of the JSON-RPC, named by user, number and token; it ends after a while without calls."""
    parameters = ["{login}", {"password": "{password}"}, "en"]
    body = {"id": 0, "method": "common.db.login", "params": parameters}
    return TokenLogin(
        LoginCall("/{database}/rpc/", body=body),
        InBody("result.1", also={"number": "result.0"}),
        AsHeader(text="Session {coded}", coded="{login}:{number}:{token}"),
        lifetime=3600,
    )
