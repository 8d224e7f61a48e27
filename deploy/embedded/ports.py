"""Which port a listener gets on loopback. Nothing here listens."""

import random
import socket

# Below the kernel's range for outgoing connections (32768 and up): a client that retries a restarted server's port
# in that range can connect to itself and keep the server from ever binding again.
LISTENING = range(20000, 32000)
PREFERRED = {"issuer": 8100, "referral": 8101, "programme": 8102, "family": 8103, "monitoring": 8104}


def free_port(preferred: int | None = None) -> int:
    """`preferred` if nobody has it, else one that the kernel says is free at this moment."""
    tries = random.SystemRandom().sample(LISTENING, 50)
    for port in tries if preferred is None else [preferred, *tries]:
        if _is_free(port):
            return port
    return _any_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
