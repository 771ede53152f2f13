"""A whole hub with an identity provider beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from farwatch.hub.app import Hub, create_app
from farwatch.hub.auth.oidc import SsoConfigError
from farwatch.hub.options import HubOptions, OptionsError

from .conftest import CLIENT_SECRET, HUB, Idp, at_provider


async def test_people_come_in_by_the_button_and_may_do_what_their_groups_hold(
    idp: Idp, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text(CLIENT_SECRET)
    (tmp_path / "sso.yml").write_text(
        f"providers:\n- id: acme\n  name: Acme\n  issuer: {idp.url}\n  client_id: farwatch\n"
        "  client_secret_file: secret\n  groups: [{group: sre, role: operator}]\n"
    )
    options = HubOptions(data=tmp_path / "data", sso=tmp_path / "sso.yml", external_url=HUB)
    options.check()
    hub = await Hub.start(options, HUB)
    async with AsyncClient(transport=ASGITransport(create_app(hub)), base_url=HUB) as browser:
        (button,) = (await browser.get("/api/v1/session/options")).json()["providers"]
        assert button == {"id": "acme", "name": "Acme", "loginUrl": "/api/v1/session/sso/acme/login"}
        leaving = await browser.get(button["loginUrl"], params={"next": "/clusters"})
        back = await browser.get(await at_provider(leaving.headers["location"]))
        assert back.headers["location"] == "/clusters"
        session = (await browser.get("/api/v1/session")).json()
        assert (session["user"]["name"], session["user"]["provider"]) == ("ada", "acme")
        assert session["grants"] == [{"role": "operator", "scope": {}}]
        assert (await browser.get("/api/v1/clusters")).status_code == 200
        assert (await browser.get("/api/v1/audit")).status_code == 403
        assert await hub.audit.verify()
    await hub.stop()


async def test_a_file_with_a_fault_keeps_the_hub_from_starting(tmp_path: Path) -> None:
    (tmp_path / "sso.yml").write_text("providers: []")
    options = HubOptions(data=tmp_path / "data", sso=tmp_path / "sso.yml", external_url=HUB)
    with pytest.raises(SsoConfigError, match=r"sso\.yml:1:12: `providers` is empty"):
        await Hub.start(options, HUB)


def test_a_hub_that_does_not_say_where_it_is_cannot_send_people_away() -> None:
    with pytest.raises(OptionsError, match="--sso needs --external-url: providers send people back"):
        HubOptions(sso=Path("sso.yml")).check()
