"""Connections that lead out of this machine and its network only, whatever a name server says.

The address is looked up once, checked, and the connection is opened to that very address: a name that leads
somewhere else a moment later changes nothing. A proxy looks up by itself, and its own address is the user's own.
"""

import ipaddress
import socket

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from concord.errors import NetworkError, RequestError


def call_outside_only(http: requests.Session) -> None:
    """Let a session refuse, by a `RequestError`, every address of this machine or of a private network."""
    for scheme in ("http://", "https://"):
        adapter = http.get_adapter(scheme)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        adapter.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class _HttpConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        name, self._dns_host = self._dns_host, find_outside(self._dns_host, self.port)
        try:
            return super()._new_conn()
        finally:
            self._dns_host = name


class _HttpsConnection(_HttpConnection, HTTPSConnection):
    """The same with encryption; the certificate is checked against the name."""


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


def find_outside(host: str, port: int) -> str:
    """The first address of the name; a `RequestError` where one of its addresses lies inside."""
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NetworkError(f"The name {host} of a file's host cannot be looked up; try again later.") from error
    found = [str(entry[4][0]) for entry in entries]
    if not all(is_outside(address) for address in found):
        raise RequestError(
            f"The vendor names a file on {host}, which lies in a private network; nothing was fetched."
        )
    return found[0]


def is_outside(address: str) -> bool:
    """Whether an IP address is neither this machine's nor one of a private, shared or special network."""
    known = ipaddress.ip_address(address.partition("%")[0])
    inner = _embedded(known) if isinstance(known, ipaddress.IPv6Address) else None
    return (inner or known).is_global and not (inner or known).is_multicast


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of version 4 to which one of version 6 leads: mapped, by 6to4, Teredo or NAT64."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
