from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar, Router, get
from litestar.connection import Request
from litestar.datastructures import State

from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.audit import Audit
from farwatch.hub.audit.entries import AuditEntry
from farwatch.hub.auth.access import OPEN
from farwatch.hub.auth.cookies import read_cookie
from farwatch.hub.auth.grants import Grants
from farwatch.hub.auth.oidc import ProviderGroups, ProviderSection, Sso
from farwatch.hub.auth.oidc import routes as oidc_routes
from farwatch.hub.auth.oidc.settings import Address, GroupSection
from farwatch.hub.auth.people import People
from farwatch.hub.auth.teams import Teams
from farwatch.hub.store import DataDirectory, Records

CLIENT_ID = "farwatch"
CLIENT_SECRET = "s3cr&t with=odd:signs"
HUB = "http://hub.test"

ADA = {
    "sub": "u-1",
    "preferred_username": "ada",
    "name": "Ada L.",
    "email": "ada@example.com",
    "email_verified": True,
    "groups": ["sre"],
}


class Idp:
    """The provider's process, told what to do."""

    def __init__(self, url: str) -> None:
        self.url = url

    def tell(self, **wanted: Any) -> dict[str, int]:
        """Have it lie, or know somebody else; gives how often each of its doors was asked for so far."""
        request = urllib.request.Request(f"{self.url}/control", json.dumps(wanted).encode(), method="POST")  # noqa: S310
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - on this machine
            asked: dict[str, int] = json.load(answer)["asked"]
        return asked


@pytest.fixture(scope="session")
def idp_process() -> Iterator[Idp]:
    script = Path(__file__).with_name("idp.py")
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield Idp(process.stdout.readline().strip())
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def idp(idp_process: Idp) -> Idp:
    idp_process.tell(afresh=True, lies={}, claims=ADA)
    return idp_process


class Clock:
    """The real time, and as much more as a test says."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    claimed = DataDirectory.claim(tmp_path / "data")
    opened = await Records.open(claimed)
    yield opened
    await opened.close()
    claimed.release()


@pytest.fixture
def section(idp: Idp) -> ProviderSection:
    return ProviderSection(
        id="acme",
        name="Acme",
        issuer=Address(idp.url),
        client_id=CLIENT_ID,
        client_secret=Secret(CLIENT_SECRET),
        groups=[
            GroupSection(group="sre", role="operator"),
            GroupSection(group="shop", role="viewer", clusters=["prod"], namespaces=["shop"]),
        ],
    )


async def at_provider(url: str) -> str:
    """Go to a provider; where it sends the browser back to."""
    async with aiohttp.ClientSession() as session, session.get(url, allow_redirects=False) as answer:
        assert answer.status == 302
        return answer.headers["Location"]


class Hub:
    """As much of a hub as signing in takes, and a browser in front of it."""

    def __init__(self, sso: Sso, people: People, grants: Grants, audit: Audit, browser: AsyncClient) -> None:
        self.sso = sso
        self.people = people
        self.grants = grants
        self.audit = audit
        self.browser = browser

    async def go(self, page: str = "") -> str:
        """Press the button; where the browser is sent."""
        query = {"next": page} if page else None
        answer = await self.browser.get("/api/v1/session/sso/acme/login", params=query)
        assert answer.status_code == 302
        return answer.headers["location"]

    async def at_provider(self, url: str) -> str:
        """What the provider makes of it: where the browser is sent back to."""
        return await at_provider(url)

    async def sign_in(self, page: str = "") -> Response:
        """All of it; the hub's last answer."""
        return await self.browser.get(await self.at_provider(await self.go(page)))

    async def refusal(self) -> str:
        """What the sign-in page says after a sign-in that must not succeed."""
        before = len(self.people.sessions._by_digest)
        answer = await self.sign_in()
        assert len(self.people.sessions._by_digest) == before
        return refusal_of(answer)

    async def entries(self) -> list[AuditEntry]:
        return [entry async for batch in self.audit.batches() for entry in batch][1:]


def refusal_of(answer: Response) -> str:
    assert answer.status_code == 302
    where = urlsplit(answer.headers["location"])
    assert (where.netloc, where.path) == ("", "/login")
    return parse_qs(where.query)["error"][0]


@get("/whoami", opt=OPEN, sync_to_thread=False)
def whoami(state: State, request: Request[Any, Any, Any]) -> str:
    found = state.people.of_session(read_cookie(request))
    return found[1].name if found else ""


async def start_hub(section: ProviderSection, records: Records, clock: Clock) -> Hub:
    audit = Audit(records, clock)
    await audit.start()
    grants = Grants(records, Teams(records, clock), list, clock)
    groups = ProviderGroups(records, {section.id: section}, grants, clock)
    people = People(records, grants, clock)
    await people.load()
    await groups.apply_file(user.id for user in people.users.list())
    sso = Sso([section], HUB, groups, audit, clock)
    app = Litestar(
        [Router("/api/v1", route_handlers=[oidc_routes.router]), whoami],
        state=State({"sso": sso, "people": people}),
        openapi_config=None,
        logging_config=None,
    )
    transport = ASGITransport(app, client=("192.0.2.5", 99))
    return Hub(sso, people, grants, audit, AsyncClient(transport=transport, base_url=HUB))


@pytest.fixture
async def hub(section: ProviderSection, records: Records, clock: Clock) -> AsyncIterator[Hub]:
    started = await start_hub(section, records, clock)
    yield started
    await started.browser.aclose()
    await started.sso.stop()
    await started.audit.stop()
    started.people.passwords.close()
