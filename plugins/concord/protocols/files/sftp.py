"""A folder of another machine, over SFTP; it logs in only at a host whose key the connection names."""

import base64
import hashlib
import io
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import paramiko

from concord.contract import Session
from concord.errors import (
    AuthenticationError,
    ConcordError,
    ConfigurationError,
    NetworkError,
    OutcomeUnknownError,
    ServerError,
)
from concord.protocols.files.storage import TRIAL, UNFINISHED, Entry, NameTakenError, as_shown, is_plain

CONNECT_SECONDS = 10.0
RESPONSE_SECONDS = 60.0
_REQUESTS_AT_ONCE = 32
_CHUNK = 1 << 18
_BROKEN_OFF = (
    paramiko.SSHException,
    paramiko.SFTPError,
    EOFError,
    TimeoutError,
    ConnectionError,
    socket.gaierror,
)
_KEY_KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # its errors reach us as exceptions, and then the log


class _Client(paramiko.SFTPClient):
    r"""Reads names and messages of the server in any character set: a byte that is no UTF-8 is written `\xfc`."""

    def _request(self, kind: Any, *arguments: Any) -> Any:
        response, message = super()._request(kind, *arguments)  # type: ignore[misc]  # paramiko has no types for it
        if kind == paramiko.sftp.CMD_READDIR:
            message.get_text = lambda: as_shown(message.get_string())
        return response, message

    def _convert_status(self, message: Any) -> Any:
        message.get_text = lambda: as_shown(message.get_string())
        return super()._convert_status(message)  # type: ignore[misc]  # paramiko has no types for it


class SftpFolder:
    """The implementation of `concord.protocols.files.storage.Storage` over SFTP."""

    def __init__(self, session: Session, host: str, port: int, root: PurePosixPath) -> None:
        self._root = root
        with _translated("the server"):
            self._transport = _open_transport(host, port)
        try:
            with _translated("the login"):
                self._transport.start_client(timeout=CONNECT_SECONDS)
                _check_host(session, self._transport)
                _log_in(session, self._transport)
                client = _Client.from_transport(self._transport)
                if client is None:
                    raise NetworkError("The server opens no channel for files; it will be tried again.")
                self._client = client
                self._client.get_channel().settimeout(RESPONSE_SECONDS)  # type: ignore[union-attr]  # it is open
        except ConcordError:
            self._transport.close()
            raise

    def list(self, folder: str) -> list[Entry]:
        """The plain files."""
        with _translated(folder):
            found = self._client.listdir_attr(str(self._root / folder))
        entries = [
            Entry(folder, item.filename, item.st_size or 0, float(item.st_mtime or 0))
            for item in found
            if is_plain(item.st_mode)
        ]
        return sorted(entries, key=lambda entry: entry.name)

    def look(self, entry: Entry) -> Entry:
        """Size and time as they are now."""
        with _translated(entry.name):
            status = self._client.stat(str(self._root / entry.folder / entry.name))
        return Entry(entry.folder, entry.name, status.st_size or 0, float(status.st_mtime or 0))

    def copy(self, entry: Entry, target: BinaryIO) -> None:
        """Copy all bytes; several requests are sent before their responses have come."""
        path = str(self._root / entry.folder / entry.name)
        with _translated(entry.name), self._client.open(path, "rb") as source:
            source.prefetch(entry.size, max_concurrent_requests=_REQUESTS_AT_ONCE)
            while piece := source.read(_CHUNK):
                target.write(piece)

    def put(self, folder: str, name: str, content: bytes) -> None:
        """Write it under another name, then rename it; only from then on the host may read it."""
        target = self._root / folder
        unfinished, final = str(target / f"{name}{UNFINISHED}"), str(target / name)
        with _translated(name):
            with self._client.open(unfinished, "wb") as file:
                file.set_pipelined(True)
                file.write(content)
            if self._client.stat(unfinished).st_size != len(content):
                raise NetworkError(f"{name} did not arrive whole; it will be sent again.")
            is_taken = self._exists(final)
            if is_taken:
                self._client.remove(unfinished)
        if is_taken:
            raise NameTakenError(f"There is a file {name} already; the next number is tried.")
        self._rename(unfinished, final)

    def try_writing(self, folder: str) -> None:
        """Make an empty file and remove it."""
        trial = str(self._root / folder / TRIAL)
        with _translated(f"The folder {folder}"):
            self._client.open(trial, "wb").close()
            self._client.remove(trial)

    def _exists(self, path: str) -> bool:
        try:
            self._client.stat(path)
        except FileNotFoundError:
            return False
        return True

    def _rename(self, unfinished: str, final: str) -> None:
        """Give the file its name; a lost response is an `OutcomeUnknownError`, for the file may have it."""
        try:
            with _translated(final):
                self._client.rename(unfinished, final)
        except NetworkError as error:
            raise OutcomeUnknownError(
                "A file was sent and the response to its last step was lost; read the folder before sending again."
            ) from error

    def close(self) -> None:
        """End the connection."""
        self._transport.close()


def _open_transport(host: str, port: int) -> paramiko.Transport:
    transport = paramiko.Transport(socket.create_connection((host, port), CONNECT_SECONDS))
    transport.banner_timeout = CONNECT_SECONDS
    transport.auth_timeout = CONNECT_SECONDS
    return transport


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """Raise errors of paramiko and of the server as ours; `what` was read or written."""
    try:
        yield
    except paramiko.AuthenticationException as error:
        raise _refused() from error
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{what} is not on the server; create it there, or correct the path of the connection."
        ) from error
    except PermissionError as error:
        raise ConfigurationError(
            f"{what} may not be read or written by our user there; let the server's administrator allow it."
        ) from error
    except _BROKEN_OFF as error:
        raise NetworkError(
            f"The connection to the file server broke off at {what} ({type(error).__name__}); "
            "check its host and port if it stays so."
        ) from error
    except OSError as error:
        if error.errno is not None or "closed" in str(error).lower():
            raise NetworkError(f"The file server cannot be reached ({error}); check host and port.") from error
        raise ServerError(
            f"The server does not give {what} now, perhaps because a program holds it; it will be tried again."
        ) from error


def _read_extra(session: Session, name: str) -> str:
    """An extra field that may be left out or empty."""
    return str(session.connection.extra.get(name) or "").strip()


def _check_host(session: Session, transport: paramiko.Transport) -> None:
    """The host's key must be the one that the connection names."""
    digest = hashlib.sha256(transport.get_remote_server_key().asbytes()).digest()
    shown = f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
    name = session.connection.name
    known = _read_extra(session, "host_key")
    if not known:
        raise ConfigurationError(
            f'The server shows the host key {shown}, and connection "{name}" knows none; ask the host\'s '
            'administrator whether it is theirs, then put it in the extra fields as "host_key".',
            connection=name,
        )
    if known != shown:
        raise ConfigurationError(
            f'The server shows another host key ({shown}) than connection "{name}" knows; nothing was sent. '
            "Ask the host's administrator before you put the new one in the extra fields.",
            connection=name,
        )


def _log_in(session: Session, transport: paramiko.Transport) -> None:
    """Log in by the private key that the connection names, whose passphrase is its password; else by password."""
    connection = session.connection
    pem = _read_extra(session, "private_key")
    file = _read_extra(session, "private_key_file")
    if not pem and file:
        try:
            pem = Path(file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f'The key file of connection "{connection.name}" cannot be read; correct "private_key_file".'
            ) from error
    try:
        if pem:
            transport.auth_publickey(connection.login, _read_key(pem, connection.password, connection.name))
        else:
            transport.auth_password(connection.login, connection.password)
    except paramiko.AuthenticationException as error:
        raise _refused(connection.name) from error


def _read_key(pem: str, passphrase: str, name: str) -> paramiko.PKey:
    for kind in _KEY_KINDS:
        try:
            return kind.from_private_key(io.StringIO(pem + "\n"), password=passphrase or None)
        except paramiko.PasswordRequiredException as error:
            raise _refused(name) from error
        except (paramiko.SSHException, ValueError):
            continue
    raise _refused(name)


def _refused(name: str = "") -> AuthenticationError:
    connection = f'connection "{name}"' if name else "the connection"
    return AuthenticationError(
        f"The server refuses the login of {connection}; correct its login, and its password or private key "
        "(whose passphrase is the password), in Airflow (Admin, Connections).",
        connection=name,
    )
