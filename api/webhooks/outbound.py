"""Connections to addresses that a client chose: to the public internet, and nowhere else.

A name is resolved once, here; every address that it resolves to is judged, and the connection goes to an address that
was judged. So neither a name that answers differently the second time, nor an odd way to write 127.0.0.1, nor an IPv6
address with an IPv4 one inside leads into the network of the service.
"""

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import anyio
import httpcore2
import httpx2

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_GLOBAL_6 = IPv6Network("2000::/3")  # all that has been given out
# Global by the registry's letter, and still no place on the internet of its own.
_NOWHERE: tuple[Network, ...] = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # relays of 6to4
        "2001::/23",  # protocol assignments, among them Teredo, which holds an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "3fff::/20",  # documentation
    )
)


_OWN_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


class NotPublic(httpcore2.ConnectError):
    """The address lies within a network that requests of clients may not reach."""


def is_public(address: Address) -> bool:
    """Whether it is one machine on the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_6:
        return False  # among others those that are mapped or translated to IPv4
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in block for block in _NOWHERE if block.version == address.version)


def may_reach(address: Address, permitted: Sequence[Network]) -> bool:
    """Whether it is public, or in a network of one's own that is permitted."""
    return is_public(address) or any(address in block for block in permitted if block.version == address.version)


def literal(url: str) -> Address | None:
    """The address that the host of a URL is written as; None for a name. Names of this machine (RFC 6761) are one."""
    host = httpx2.URL(url).host.rstrip(".")
    if host in _OWN_NAMES or host.endswith(".localhost"):
        return ip_address("127.0.0.1")
    with suppress(ValueError):
        return ip_address(host)
    with suppress(OSError):
        return ip_address(socket.inet_aton(host))  # 127.1 and 0x7f000001, which resolvers take for addresses too
    return None


class PublicBackend(httpcore2.AsyncNetworkBackend):
    """Opens connections for httpcore. `permitted`: networks of one's own that may be reached all the same."""

    def __init__(self, permitted: Sequence[Network] = (), inner: httpcore2.AsyncNetworkBackend | None = None) -> None:
        self._permitted = permitted
        self._inner = inner or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """`NotPublic` if any address of the host is not; else a connection to the first that answers."""
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in await self._judged(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def _judged(self, host: str, port: int) -> list[str]:
        try:
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be resolved") from error
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        for text in addresses:
            address = ip_address(text.partition("%")[0])
            if "%" in text or not may_reach(address, self._permitted):
                raise NotPublic(f"{host} leads to {text}, which is not a public address")
        return addresses

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore2.AsyncNetworkStream:
        raise NotPublic("A unix socket is not a public address")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
