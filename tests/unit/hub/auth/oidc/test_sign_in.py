"""Signing in through a real provider, which tells the truth or does not."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from farwatch.hub.audit import Action, ActorKind
from farwatch.hub.auth.grants import Holder, HolderKind
from farwatch.hub.auth.oidc import ProviderSection
from farwatch.hub.auth.oidc import provider as module
from farwatch.hub.auth.oidc.settings import GroupSection
from farwatch.hub.auth.principal import Grant, Role, Scope
from farwatch.hub.store import Records

from .conftest import ADA, HUB, Clock, Hub, Idp, refusal_of, start_hub

UNTRUSTED = "What Acme sent cannot be trusted: try again, and tell who runs the hub if it stays so."
UNREACHABLE = "Acme cannot be reached by the hub: try again in a moment, or sign in with a password."
NOT_OURS = "This sign-in was begun in another browser, too long ago, or was finished before: begin again."


class TestSigningIn:
    async def test_leads_to_the_page_that_was_wanted_with_a_session(self, hub: Hub) -> None:
        answer = await hub.sign_in("/alerts?severity=critical")
        assert answer.status_code == 302
        assert answer.headers["location"] == "/alerts?severity=critical"
        session, attempt = answer.headers.get_list("set-cookie")
        assert session.startswith("farwatch_session=fws_")
        assert "HttpOnly" in session
        assert "SameSite=lax" in session
        assert attempt.startswith("farwatch_sso_")
        assert "Max-Age=0" in attempt
        assert (await hub.browser.get("/whoami")).text == "ada"
        user = hub.people.users.find("ada")
        assert user
        assert (user.provider, user.subject, user.display_name, user.email) == (
            "acme",
            "u-1",
            "Ada L.",
            "ada@example.com",
        )

    async def test_asks_for_no_more_than_it_must_and_proves_what_it_asked_for(
        self, hub: Hub, idp: Idp
    ) -> None:
        url = urlsplit(await hub.go())
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        assert f"{url.scheme}://{url.netloc}{url.path}" == f"{idp.url}/authorize"
        assert query.keys() == {
            "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
            "code_challenge_method",
        }  # fmt: skip
        assert query["redirect_uri"] == f"{HUB}/api/v1/session/sso/acme/callback"
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")

    async def test_again_is_the_same_user_brought_up_to_date(self, hub: Hub, idp: Idp) -> None:
        await hub.sign_in()
        idp.tell(
            claims=ADA | {"preferred_username": "countess", "name": "Ada Lovelace", "email": "al@example.com"}
        )
        await hub.sign_in()
        (user,) = hub.people.users.list()
        assert (user.name, user.display_name, user.email) == ("ada", "Ada Lovelace", "al@example.com")

    async def test_never_becomes_a_user_of_the_hub_that_has_the_same_name(self, hub: Hub) -> None:
        local = await hub.people.users.create("ada")
        await hub.sign_in()
        found = hub.people.users.find_external("acme", "u-1")
        assert found
        assert found.id != local.id
        assert found.name == "ada+acme"

    @pytest.mark.parametrize(
        "page", ["//evil.example", "https://evil.example/", "/\\evil.example", "/a\r\nb: c", "x"]
    )
    async def test_leads_to_no_other_site(self, hub: Hub, page: str) -> None:
        assert (await hub.sign_in(page)).headers["location"] == "/"

    async def test_works_with_each_way_to_prove_the_client_and_each_kind_of_key(
        self, hub: Hub, idp: Idp
    ) -> None:
        idp.tell(lies={"auth": "client_secret_post"}, rotate="EC")
        await hub.sign_in()
        assert (await hub.browser.get("/whoami")).text == "ada"

    async def test_works_with_a_provider_that_names_no_key(self, hub: Hub, idp: Idp) -> None:
        idp.tell(lies={"no kid": True}, rotate="EC")
        await hub.sign_in()
        assert (await hub.browser.get("/whoami")).text == "ada"

    async def test_again_leaves_no_session_behind_on_the_same_device(self, hub: Hub) -> None:
        for _ in range(3):
            await hub.sign_in()
        assert len(hub.people.sessions._by_digest) == 1

    async def test_works_in_two_windows_at_once(self, hub: Hub) -> None:
        first, second = await hub.go("/one"), await hub.go("/two")
        for url, page in ((first, "/one"), (second, "/two")):
            assert (await hub.browser.get(await hub.at_provider(url))).headers["location"] == page


class TestGroups:
    async def test_give_what_the_file_says(self, hub: Hub, idp: Idp) -> None:
        idp.tell(claims=ADA | {"groups": ["sre", "shop", "other"]})
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        assert hub.grants.of_user(user.id) == (
            Grant(Role.OPERATOR),
            Grant(Role.VIEWER, Scope(clusters=("prod",), namespaces=("shop",))),
        )

    async def test_that_somebody_left_give_nothing_from_the_next_sign_in_on(self, hub: Hub, idp: Idp) -> None:
        await hub.sign_in()
        idp.tell(claims=ADA | {"groups": []})
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        assert hub.grants.of_user(user.id) == ()
        change = [entry for entry in await hub.entries() if entry.action == Action.GRANT_CHANGE][-1]
        assert change.details == {"provider": "acme", "lost": ["operator everywhere"]}

    async def test_are_asked_for_where_the_id_token_is_silent(self, hub: Hub, idp: Idp) -> None:
        idp.tell(lies={"silent": True})
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        assert (user.email, hub.grants.of_user(user.id)) == (
            "ada@example.com",
            (Grant(Role.OPERATOR),),
        )

    async def test_of_somebody_else_are_not_taken(self, hub: Hub, idp: Idp) -> None:
        idp.tell(lies={"silent": True, "userinfo": {"sub": "u-2"}})
        assert await hub.refusal() == UNTRUSTED

    async def test_may_be_deep_inside_or_one_alone(
        self, section: ProviderSection, records: Records, clock: Clock, idp: Idp
    ) -> None:
        deep = msgspec.structs.replace(section, groups_claim="realm_access.roles")
        hub = await start_hub(deep, records, clock)
        idp.tell(claims={"sub": "u-9", "realm_access": {"roles": "sre"}})
        await hub.sign_in()
        user = hub.people.users.find("u-9")
        assert user
        assert hub.grants.of_user(user.id) == (Grant(Role.OPERATOR),)
        await stop(hub)

    async def test_lead_into_teams_and_out_of_them(
        self, section: ProviderSection, records: Records, clock: Clock, idp: Idp
    ) -> None:
        with_team = msgspec.structs.replace(
            section,
            groups=[GroupSection(group="sre", team="oncall"), GroupSection(group="x", team="nobody-made-it")],
        )
        hub = await start_hub(with_team, records, clock)
        team = await hub.grants.teams.create("oncall")
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        assert hub.grants.teams.members(team.id) == {user.id}
        idp.tell(claims=ADA | {"groups": ["x"]})
        await hub.sign_in()
        assert hub.grants.teams.members(team.id) == frozenset()
        await stop(hub)

    async def test_leave_alone_what_people_granted(self, hub: Hub, idp: Idp) -> None:
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        await hub.grants.add(Holder(HolderKind.USER, user.id), Grant(Role.VIEWER), by="admin")
        idp.tell(claims=ADA | {"groups": []})
        await hub.sign_in()
        assert hub.grants.of_user(user.id) == (Grant(Role.VIEWER),)

    async def test_of_a_provider_that_is_gone_from_the_file_give_nothing(
        self, hub: Hub, section: ProviderSection, records: Records, clock: Clock
    ) -> None:
        await hub.sign_in()
        again = await start_hub(msgspec.structs.replace(section, id="other"), records, clock)
        user = again.people.users.find("ada")
        assert user
        assert again.grants.of_user(user.id) == ()
        await stop(again)

    async def test_hold_what_the_file_says_after_a_restart(
        self, hub: Hub, section: ProviderSection, records: Records, clock: Clock
    ) -> None:
        await hub.sign_in()
        less = msgspec.structs.replace(section, groups=section.groups[1:])
        again = await start_hub(less, records, clock)
        user = again.people.users.find("ada")
        assert user
        assert again.grants.of_user(user.id) == ()
        await stop(again)


LIES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"signature": "none"}, "signed by 'none', which proves nothing"),
    ({"signature": "shared"}, "signed by 'HS256', which proves nothing"),
    ({"signature": "public"}, "signed by 'HS256', which proves nothing"),
    ({"signature": "stranger"}, "signature is not right"),
    ({"signature": "unknown key"}, "a key that is not the provider's"),
    ({"signature": "cut"}, "the ID token"),
    ({"signature": "critical"}, "the ID token"),
    ({"signature": "half a key"}, "the ID token"),
    ({"signature": "words"}, "the ID token is none"),
    ({"claims": {"nonce": "of another"}}, "made for another sign-in (nonce)"),
    ({"claims": {"nonce": None}}, "made for another sign-in (nonce)"),
    ({"claims": {"iss": "https://evil.example"}}, "from another issuer (iss)"),
    ({"claims": {"aud": "another"}}, "for another client (aud)"),
    ({"claims": {"aud": ["farwatch", "another"]}}, "given to another client (azp)"),
    ({"claims": {"azp": "another"}}, "given to another client (azp)"),
    ({"claims": {"exp": -3600}}, "it has expired (exp)"),
    ({"claims": {"exp": None}}, "until when it holds"),
    ({"claims": {"iat": 3600}}, "from the future"),
    ({"claims": {"nbf": 3600}}, "from the future"),
    ({"claims": {"iat": -3600}}, "made long ago (iat)"),
    ({"claims": {"sub": None}}, "whom it is about (sub)"),
    ({"claims": {"sub": 5}}, "whom it is about (sub)"),
    ({"claims": {"at_hash": "x"}}, "access token that came with it (at_hash)"),
    ({"iss": "https://evil.example"}, "the answer is from another issuer (iss)"),
)
"""What a token may say that is not right, and what the record then says."""

ODD: tuple[dict[str, Any], ...] = (
    {"claims": {"aud": ["farwatch"]}},
    {"claims": {"aud": ["farwatch", "another"], "azp": "farwatch"}},
    {"claims": {"at_hash": None}},
    {"claims": {"exp": -30}},
    {"claims": {"iat": 30}},
    {"iss": ""},
)
"""What a token may say that is."""


class TestNotBelieved:
    async def test_a_token_that_is_not_right_lets_nobody_in(self, hub: Hub, idp: Idp, clock: Clock) -> None:
        for lies, cause in LIES:
            clock.ahead += 11  # the keys are asked for again
            idp.tell(lies=lies)
            assert await hub.refusal() == UNTRUSTED, lies
            entry = (await hub.entries())[-1]
            assert (entry.action, entry.result) == (Action.SESSION_CREATE, "denied")
            assert cause in entry.details["reason"], lies
            assert (await hub.browser.get("/whoami")).text == ""

    async def test_a_token_that_is_odd_but_right_does(self, hub: Hub, idp: Idp) -> None:
        for lies in ODD:
            idp.tell(lies=lies)
            await hub.sign_in()
            assert (await hub.browser.get("/whoami")).text == "ada", lies
            hub.browser.cookies.clear()


class TestComingBack:
    async def test_a_second_time_is_refused(self, hub: Hub) -> None:
        back = await hub.at_provider(await hub.go())
        cookies = dict(hub.browser.cookies)
        assert (await hub.browser.get(back)).headers["location"] == "/"
        hub.browser.cookies.update(cookies)
        assert refusal_of(await hub.browser.get(back)) == NOT_OURS

    async def test_in_another_browser_is_refused(self, hub: Hub) -> None:
        back = await hub.at_provider(await hub.go())
        hub.browser.cookies.clear()
        assert refusal_of(await hub.browser.get(back)) == NOT_OURS

    async def test_too_late_is_refused(self, hub: Hub, clock: Clock) -> None:
        back = await hub.at_provider(await hub.go())
        clock.ahead = 601
        assert refusal_of(await hub.browser.get(back)) == NOT_OURS

    async def test_out_of_nowhere_is_refused(self, hub: Hub) -> None:
        for query in ("", "?state=x", "?state=x&code=y", "?state=%00%ff&code=y"):
            answer = await hub.browser.get(f"/api/v1/session/sso/acme/callback{query}")
            assert refusal_of(answer) == NOT_OURS

    async def test_with_a_cookie_of_ones_own_making_is_refused(self, hub: Hub) -> None:
        back = await hub.at_provider(await hub.go())
        ((name, value),) = hub.browser.cookies.items()
        hub.browser.cookies.clear()
        for forged in ("x", "x.y", value[:-1], "A" + value, value.rpartition(".")[0] + "."):
            answer = await hub.browser.get(back, headers={"cookie": f"{name}={forged}"})
            assert refusal_of(answer) == NOT_OURS

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            ("access_denied", "Acme did not let you in, or you did not want to go on."),
            ("server_error", "Acme could not sign you in: try again."),
        ],
    )
    async def test_with_an_error_is_told_in_words(self, hub: Hub, idp: Idp, error: str, said: str) -> None:
        idp.tell(lies={"error": error})
        assert await hub.refusal() == said

    async def test_to_a_provider_that_is_not_there_is_told(self, hub: Hub) -> None:
        for way in ("login", "callback", "logout"):
            answer = await hub.browser.get(f"/api/v1/session/sso/nobody/{way}")
            assert "There is no identity provider 'nobody'" in refusal_of(answer)


class TestFailing:
    async def test_a_provider_that_fails_is_told_in_words(self, hub: Hub, idp: Idp) -> None:
        for door, how in product(("/keys", "/token"), ("break", "garbage", "flood", "redirect")):
            idp.tell(lies={f"at {door}": how})
            said = await hub.refusal()
            assert said in {UNREACHABLE, "Acme did not confirm the sign-in: try again."}, (door, how)

    async def test_a_slow_provider_keeps_nobody_waiting_for_ever(
        self, hub: Hub, idp: Idp, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "TIMEOUT", module.aiohttp.ClientTimeout(total=0.2))
        idp.tell(lies={"at /token": "hang"})
        assert await hub.refusal() == UNREACHABLE
        assert "no answer in time" in (await hub.entries())[-1].details["reason"]

    async def test_a_provider_that_is_gone_is_told_before_anybody_leaves(
        self, section: ProviderSection, records: Records, clock: Clock
    ) -> None:
        gone = msgspec.structs.replace(section, issuer="http://127.0.0.1:9")
        hub = await start_hub(gone, records, clock)
        answer = await hub.browser.get("/api/v1/session/sso/acme/login?next=/alerts")
        assert refusal_of(answer) == UNREACHABLE
        assert "next=%2Falerts" in answer.headers["location"]
        await stop(hub)

    async def test_a_provider_is_not_asked_again_at_once_when_it_failed(
        self, hub: Hub, idp: Idp, clock: Clock
    ) -> None:
        door = "/.well-known/openid-configuration"
        before = idp.tell(lies={f"at {door}": "break"}).get(door, 0)
        answers = await asyncio.gather(*(hub.go() for _ in range(20)))
        assert all(answer.startswith("/login?error=") for answer in answers)
        assert idp.tell(lies={})[door] == before + 1
        clock.ahead += 5
        assert (await hub.go()).startswith(idp.url)

    async def test_what_a_provider_said_before_holds_on_while_it_is_away(
        self, hub: Hub, idp: Idp, clock: Clock
    ) -> None:
        await hub.go()
        idp.tell(lies={"at /.well-known/openid-configuration": "break"})
        clock.ahead = 7200
        assert (await hub.go()).startswith(idp.url)

    @pytest.mark.parametrize(
        ("lies", "cause"),
        [
            (
                {"issuer": "https://other.example"},
                "its document is that of the issuer 'https://other.example'",
            ),
            (
                {"token_endpoint": "http://other.example/token"},
                "its token_endpoint is not an address by HTTPS",
            ),
        ],
    )
    async def test_a_document_that_leads_astray_is_not_followed(
        self, hub: Hub, idp: Idp, lies: dict[str, str], cause: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        idp.tell(lies=lies)
        assert (await hub.go()).startswith("/login?error=Acme+cannot+be+reached")
        assert cause in capsys.readouterr().out

    async def test_a_wrong_secret_is_told_as_such(
        self, section: ProviderSection, records: Records, clock: Clock
    ) -> None:
        wrong = msgspec.structs.replace(section, client_id="farwatch", client_secret=None)
        hub = await start_hub(wrong, records, clock)
        assert "Acme does not know this hub: its client_id or client_secret is wrong" in await hub.refusal()
        await stop(hub)


class TestKeys:
    async def test_that_are_new_are_fetched_when_they_are_first_met(self, hub: Hub, idp: Idp) -> None:
        await hub.sign_in()
        idp.tell(rotate="RSA")
        answer = await hub.sign_in()
        assert answer.headers["location"] == "/"

    async def test_are_fetched_once_for_many_people(self, hub: Hub, idp: Idp) -> None:
        before = idp.tell().get("/keys", 0)
        for _ in range(3):
            await hub.sign_in()
        assert idp.tell()["/keys"] == before + 1

    async def test_that_nobody_has_do_not_make_the_hub_ask_all_the_time(
        self, hub: Hub, idp: Idp, clock: Clock
    ) -> None:
        await hub.sign_in()
        before = idp.tell(lies={"signature": "unknown key"})["/keys"]
        for _ in range(5):
            await hub.refusal()
        assert idp.tell()["/keys"] == before + 1
        clock.ahead += 11
        await hub.refusal()
        assert idp.tell()["/keys"] == before + 2


class TestWhoIsLetIn:
    async def test_only_verified_addresses_of_the_domains_that_the_file_names(
        self, section: ProviderSection, records: Records, clock: Clock, idp: Idp
    ) -> None:
        narrow = msgspec.structs.replace(section, allowed_domains=["Example.com"])
        hub = await start_hub(narrow, records, clock)
        await hub.sign_in()
        assert hub.people.users.find("ada")
        for claims, said in (
            ({"email": "eve@evil.example"}, "Addresses of evil.example are not let in here"),
            ({"email": "a@example.com.evil.example"}, "Addresses of example.com.evil.example are not let in"),
            ({"email_verified": False}, "does not say that your e-mail address is yours"),
            ({"email_verified": None}, "does not say that your e-mail address is yours"),
            ({"email": ""}, "Addresses of nowhere are not let in"),
        ):
            idp.tell(claims=ADA | claims)
            assert said in await hub.refusal()
        await stop(hub)

    async def test_nobody_new_where_the_file_says_so(
        self, section: ProviderSection, records: Records, clock: Clock
    ) -> None:
        known_only = msgspec.structs.replace(section, auto_create=False)
        hub = await start_hub(known_only, records, clock)
        assert "Acme knows you, and this hub does not" in await hub.refusal()
        assert hub.people.users.list() == []
        await hub.people.users.create("ada", provider="acme", subject="u-1")
        await hub.sign_in()
        assert (await hub.browser.get("/whoami")).text == "ada"
        await stop(hub)

    async def test_nobody_who_is_disabled(self, hub: Hub) -> None:
        await hub.sign_in()
        user = hub.people.users.find("ada")
        assert user
        await hub.people.users.change(user.id, disabled_at=1.0)
        assert await hub.refusal() == "The user ada is disabled: ask who manages users."


class TestRecord:
    async def test_says_who_came_from_where_by_whom_and_what_they_got(self, hub: Hub) -> None:
        await hub.sign_in()
        made, granted, came = await hub.entries()
        assert (made.action, made.target.name, made.details["subject"]) == (Action.USER_CREATE, "ada", "u-1")
        assert (granted.action, granted.details["gained"]) == (Action.GRANT_CHANGE, ["operator everywhere"])
        assert (came.action, came.result, came.actor.kind, came.actor.name) == (
            Action.SESSION_CREATE,
            "ok",
            ActorKind.USER,
            "ada",
        )
        assert (came.source.address, came.details["provider"]) == ("192.0.2.5", "acme")
        assert came.actor.session

    async def test_holds_no_code_token_or_secret(self, hub: Hub, idp: Idp) -> None:
        answer = await hub.sign_in()
        idp.tell(lies={"claims": {"nonce": "x"}})
        await hub.sign_in()
        text = msgspec.json.encode(await hub.entries()).decode()
        assert "fws_" in answer.headers["set-cookie"]
        assert "fws_" not in text
        assert "eyJ" not in text

    async def test_that_cannot_be_written_lets_nobody_in(
        self, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        back = await hub.at_provider(await hub.go())

        async def fail(*_: object, **__: object) -> None:
            from farwatch.hub.audit import AuditNotKeptError  # noqa: PLC0415

            raise AuditNotKeptError("the audit log cannot be written: disk is full")

        monkeypatch.setattr(hub.audit, "settle", fail)
        assert "The audit log cannot be written" in refusal_of(await hub.browser.get(back))
        assert hub.people.sessions._by_digest == {}


async def test_signing_out_leads_to_the_provider_and_back(hub: Hub, idp: Idp) -> None:
    answer = await hub.browser.get("/api/v1/session/sso/acme/logout")
    assert answer.headers["location"] == (
        f"{idp.url}/logout?x=1&client_id=farwatch&post_logout_redirect_uri=http%3A%2F%2Fhub.test%2Flogin"
    )


async def stop(hub: Hub) -> None:
    await hub.browser.aclose()
    await hub.sso.stop()
    await hub.audit.stop()
    hub.people.passwords.close()
