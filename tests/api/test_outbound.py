"""Addresses that clients choose lead to the public internet or nowhere: no trick opens one connection elsewhere."""

import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import anyio
import httpcore2
import httpx2
import pytest
from starlette.testclient import TestClient

from api.webhooks.outbound import PublicBackend, is_public
from tests.fixtures import loops

_V4 = (
    "127.0.0.1 127.1.2.3 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 "
    "169.254.169.254 169.254.0.1 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.9 192.0.2.1 192.88.99.1 192.168.0.1 "
    "192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 "
    "255.255.255.255"
)
_V6 = (
    "::1 :: ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 "
    "64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: "
    "2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1 ff0e::1 4000::1 ::ffff:8.8.8.8"
)
V4, V6 = _V4.split(), _V6.split()


def spellings(address: str) -> Iterator[str]:
    """Ways to write an IPv4 address that a resolver understands."""
    a, b, c, d = (int(part) for part in address.split("."))
    whole = int(ip_address(address))
    yield from (str(whole), hex(whole), f"0{whole:o}")
    yield from (f"{a}.{b * 65536 + c * 256 + d}", f"{a}.{b}.{c * 256 + d}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}")
    yield from (f"{a:#x}.{b:#x}.{c:#x}.{d:#x}", f"{a:#x}.{b}.0{c:o}.{d}")


HOSTS = [
    *V4,
    *(f"[{address}]" for address in V6),
    *(
        spelt
        for address in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "0.0.0.0")
        for spelt in spellings(address)
    ),
    *("localhost", "LOCALHOST", "localhost.", "ip6-localhost", "①②⑦.⓪.⓪.①", "127。0。0。1", "[::1%lo]", "[fe80::1%1]"),
    *(f"names-{n}.test" for n in range(len(V4))),  # the resolver of this test knows them: each is one of V4
    *("mixed.test", "mapped.test", "scoped.test"),
]
NAMES = {f"names-{n}.test": [address] for n, address in enumerate(V4)} | {
    "mixed.test": ["93.184.216.34", "127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "scoped.test": ["fe80::1%eth0"],
    "public.test": ["93.184.216.34", "2606:2800:220:1::1"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolver that knows the names above, and asks the system for the rest."""
    system = anyio.getaddrinfo

    async def resolve(host: str, port: int, **options: Any) -> Any:
        if host in NAMES:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in NAMES[host]]
        return await system(host, port, **options)

    monkeypatch.setattr(anyio, "getaddrinfo", resolve)


class Recorder(httpcore2.AsyncNetworkBackend):
    """Notes where a connection would go, and opens none."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def connect_tcp(self, host: str, *_: object, **__: object) -> httpcore2.AsyncNetworkStream:
        self.hosts.append(host)
        raise httpcore2.ConnectError("only noted")


def post(backend: PublicBackend, url: str) -> Exception:
    """As the courier does it; the error it ends in."""

    async def go() -> None:
        there = httpx2.URL(url)
        target = httpcore2.URL(scheme=there.raw_scheme, host=there.raw_host, port=there.port, target=there.raw_path)
        async with httpcore2.AsyncConnectionPool(network_backend=backend) as pool:
            await pool.request("POST", target, content=b"{}", extensions={"timeout": {"connect": 2.0}})

    with pytest.raises(Exception) as error:
        loops.run(go())
    return error.value


def test_there_are_many_tricks() -> None:
    assert len(set(HOSTS)) >= 120


@pytest.mark.parametrize("host", HOSTS)
def test_no_trick_opens_a_connection(names: None, host: str) -> None:
    recorder = Recorder()
    for scheme in ("http", "https"):
        post(PublicBackend(inner=recorder), f"{scheme}://{host}:8080/hook")
    assert recorder.hosts == []


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]", "public.test"])
def test_public_addresses_are_reached(names: None, host: str) -> None:
    recorder = Recorder()
    assert isinstance(post(PublicBackend(inner=recorder), f"https://{host}/hook"), httpcore2.ConnectError)
    assert recorder.hosts == NAMES.get(host, [host.strip("[]")]), "to the judged address, each in turn"


def test_a_name_that_changes_its_mind_leads_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["93.184.216.34", "127.0.0.1"])

    async def resolve(_host: str, port: int, **_: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(anyio, "getaddrinfo", resolve)
    recorder = Recorder()
    post(PublicBackend(inner=recorder), "http://rebinding.test/")
    post(PublicBackend(inner=recorder), "http://rebinding.test/")
    assert recorder.hosts == ["93.184.216.34"]


@pytest.fixture
def listener() -> Iterator[tuple[int, list[Any]]]:
    """A port of this machine, and everybody who came."""
    came: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, who = server.accept()
                except OSError:
                    return
                came.append(who)
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], came
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


LOCAL = ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"]


@pytest.mark.parametrize("host", LOCAL)
def test_nobody_comes_to_this_machine(listener: tuple[int, list[Any]], host: str) -> None:
    port, came = listener
    post(PublicBackend(), f"http://{host}:{port}/")
    assert came == []


def test_the_negative_control_where_it_is_permitted_they_come(listener: tuple[int, list[Any]]) -> None:
    port, came = listener
    post(PublicBackend([ip_network("127.0.0.0/8")]), f"http://127.0.0.1:{port}/")
    assert len(came) == 1


def test_what_is_public() -> None:
    assert all(is_public(ip_address(address)) for address in ("1.1.1.1", "93.184.216.34", "2606:4700::1111"))
    assert not any(is_public(ip_address(address)) for address in (*V4, *V6))


REFUSED = [
    *(f"http://{address}/" for address in V4),
    *(f"https://[{address}]/" for address in V6),
    *("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "https://"),
    *(
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com/#x",
        "unix:/run/x",
        "http:/x",
    ),
    *("https://localhost/", "http://LOCALHOST:80/", "https://a.localhost./", "http://ip6-localhost/"),
    *("http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.1/"),
    *("https://example.com:99999/", "https://exa mple.com/", "https://example.com/\n", "javascript:alert(1)", ""),
]


def test_what_the_text_tells_is_refused_at_once(client: TestClient) -> None:
    for url in REFUSED:
        answer = client.post("/v1/webhooks", json={"url": url})
        assert answer.status_code == 422, f"{url}: {answer.text}"
        assert answer.json()["errors"][0]["pointer"] == "/url"
    assert client.get("/v1/webhooks").json()["data"] == []
