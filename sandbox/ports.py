"""Free TCP ports on the loopback interface."""

import random
import socket

HOST = "127.0.0.1"
# Below the range for outgoing connections, one of which could take a port between its choice and its use.
_LISTENING = range(20_000, 32_000)


def choose_port() -> int:
    """A port on which no program listens now, outside the range for outgoing connections."""
    return next(port for port in random.sample(_LISTENING, len(_LISTENING)) if _is_bindable(port))


def is_free(port: int) -> bool:
    """Whether no program listens on the port."""
    with socket.socket() as caller:
        return caller.connect_ex((HOST, port)) != 0


def _is_bindable(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True
