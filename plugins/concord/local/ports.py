"""Free TCP ports on the loopback interface."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below those that a system lends to outgoing connections, which would take a port between choice and use.
LISTENING = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Whether nothing listens on the port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(preferred: int | None = None) -> int:
    """The preferred port if it is free, else one that is, and that no outgoing connection will be given."""
    if preferred and is_free(preferred):
        return preferred
    return next(port for port in random.sample(LISTENING, len(LISTENING)) if is_free(port))
