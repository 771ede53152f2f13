"""The alerting configuration as people edit it: checked, saved, compared, rolled back, over a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient, Response

from farwatch.hub.alerting import AlertingError
from farwatch.hub.alerting.editing.versions import Cause, Versions
from farwatch.hub.app import Hub, create_app
from farwatch.hub.live.streams import Listener
from farwatch.hub.options import HubOptions

TOKEN = "the-token-of-the-test"
HOOK = "https://hooks.example/top-secret"

FIRST = f"""\
# who is told
route: {{receiver: team}}
receivers:
- name: team
  webhook_configs:
  - url: {HOOK}   # of the team
"""
SECOND = FIRST.replace("route: {receiver: team}", "route: {receiver: team, group_wait: 10s}")
SHOWN = FIRST.replace(HOOK, "<secret>")


class Editor:
    """Somebody who edits the configuration of a hub."""

    def __init__(self, hub: Hub, client: AsyncClient) -> None:
        self.hub = hub
        self._client = client

    async def ask(self, method: str, path: str, body: Any = None, match: str = "", **query: Any) -> Response:
        headers = {"Authorization": f"Bearer {TOKEN}"} | ({"If-Match": f'"{match}"'} if match else {})
        content = None if body is None else msgspec.json.encode(body)
        return await self._client.request(
            method, f"/api/v1/alerting{path}", content=content, headers=headers, params=query or None
        )

    async def get(self, path: str, **query: Any) -> Any:
        answer = await self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def save(self, text: str, note: str = "", match: str = "") -> Any:
        match = match or (await self.get("/config"))["digest"]
        answer = await self.ask("PUT", "/config", {"text": text, "note": note}, match)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(self, method: str, path: str, body: Any, match: str = "") -> tuple[int, str]:
        answer = await self.ask(method, path, body, match)
        assert answer.headers["content-type"] == "application/problem+json", answer.text
        return answer.status_code, answer.json()["detail"]

    async def versions(self) -> list[Any]:
        found: list[Any] = (await self.get("/config/versions"))["items"]
        return found

    @property
    def receivers(self) -> list[str]:
        return [receiver.name for receiver in self.hub.alerting.config.receivers]


@asynccontextmanager
async def running(path: Path, **options: Any) -> AsyncIterator[Editor]:
    hub = await Hub.start(HubOptions(data=path / "data", admin_token=TOKEN, **options), "https://hub.example")
    try:
        transport = ASGITransport(create_app(hub))
        async with AsyncClient(transport=transport, base_url="http://hub.test") as client:
            yield Editor(hub, client)
    finally:
        await hub.stop()


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    async with running(tmp_path) as found:
        yield found


async def test_what_is_saved_is_in_force_and_shown_without_its_secrets(editor: Editor) -> None:
    saved = await editor.save(FIRST, "at last")
    assert (saved["text"], saved["locked"], saved["path"]) == (SHOWN, "", "")
    assert editor.receivers == ["team"]
    newest, default = await editor.versions()
    assert {name: newest[name] for name in ("id", "by", "note", "cause", "current", "digest")} == {
        "id": 2,
        "by": "environment",
        "note": "at last",
        "cause": "save",
        "current": True,
        "digest": saved["digest"],
    }
    assert (default["cause"], default.get("current", False)) == ("start", False)
    assert (await editor.get("/config/versions/2"))["text"] == SHOWN


async def test_secrets_stay_where_they_were_and_never_come_out(editor: Editor) -> None:
    first = await editor.save(FIRST)
    await editor.save(first["text"].replace("# who is told", "# who is really told"))
    (receiver,) = editor.hub.alerting.config.receivers
    assert receiver.webhook_configs[0].url == type(receiver.webhook_configs[0].url)(HOOK)
    await editor.save(SHOWN.replace("<secret>", "https://hooks.example/another"))
    answers = [
        await editor.ask("GET", path)
        for path in (
            "/config",
            "/config/versions",
            "/config/versions/2",
            "/config/versions/3",
            "/config/diff?before=2&after=4",
            "/config/diff?before=2",
        )
    ]
    for answer in answers:
        assert answer.status_code == 200
        assert "top-secret" not in answer.text
        assert "another" not in answer.text
    audited = await editor._client.get("/api/v1/audit", headers={"Authorization": f"Bearer {TOKEN}"})
    assert "top-secret" not in audited.text


async def test_who_read_another_configuration_does_not_write_over_it(editor: Editor) -> None:
    before = (await editor.get("/config"))["digest"]
    await editor.save(FIRST)
    status, detail = await editor.refused("PUT", "/config", {"text": SECOND}, before)
    assert status == 412
    assert "another alerting configuration is in force by now (version 2 by environment)" in detail
    status, detail = await editor.refused("PUT", "/config", {"text": SECOND})
    assert status == 400
    assert "the header If-Match is missing" in detail
    assert len(await editor.versions()) == 2


async def test_of_two_who_save_at_once_one_is_told(editor: Editor) -> None:
    match = (await editor.get("/config"))["digest"]
    answers = await asyncio.gather(
        *(editor.ask("PUT", "/config", {"text": text}, match) for text in (FIRST, SECOND))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    assert len(await editor.versions()) == 2


async def test_a_text_is_checked_with_the_place_of_each_fault(editor: Editor) -> None:
    answer = await editor.ask(
        "POST", "/config/validate", {"text": "route: {receiver: x}\nreceivers:\n- name: a\n  banana: 1\n"}
    )
    assert answer.status_code == 200
    assert answer.json()["valid"] is False
    told = [(found["line"], found["column"], found["message"][:20]) for found in answer.json()["problems"]]
    assert told == [(1, 19, 'receiver "x" is not '), (4, 3, "unknown key `banana`")]
    secret = (await editor.ask("POST", "/config/validate", {"text": SHOWN})).json()
    assert [(found["line"], found["column"]) for found in secret["problems"]] == [(6, 10)]
    assert "<secret> stands for no secret that is known" in secret["problems"][0]["message"]


async def test_a_text_that_can_be_used_is_told_with_what_it_holds_and_changes(editor: Editor) -> None:
    text = FIRST + "- name: spare\n"
    found = (await editor.ask("POST", "/config/validate", {"text": text})).json()
    assert found["valid"] is True
    assert found["summary"]["unusedReceivers"] == ["spare"]
    assert any('"spare" is named by no route' in warning for warning in found["warnings"])
    assert "+- name: spare" in found["diff"]
    assert "top-secret" not in found["diff"]
    assert editor.receivers == ["nobody"]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("route: [", "is not YAML"),
        ("", "is empty"),
        (FIRST + "banana: 1\n", "unknown key `banana`"),
        (FIRST.replace("receiver: team", "receiver: nowhere"), 'receiver "nowhere" is not defined'),
        (FIRST + "templates: [/etc/hub/*.tmpl]\n", "`templates` names /etc/hub/*.tmpl, which is outside of"),
        (
            FIRST.replace(f"url: {HOOK}", "url_file: ../../../etc/passwd"),
            "which is outside of",
        ),
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("a: &a [*a]", "when its aliases are written out"),
        ("x" * 600_000, "524288 are the most"),
    ],
)
async def test_what_cannot_be_used_is_refused_and_changes_nothing(
    editor: Editor, text: str, detail: str
) -> None:
    match = (await editor.get("/config"))["digest"]
    status, told = await editor.refused("PUT", "/config", {"text": text}, match)
    assert status == 400
    assert detail in told
    assert editor.receivers == ["nobody"]
    assert len(await editor.versions()) == 1


async def test_a_note_that_cannot_be_kept_is_refused(editor: Editor) -> None:
    match = (await editor.get("/config"))["digest"]
    status, detail = await editor.refused("PUT", "/config", {"text": FIRST, "note": "x" * 2_001}, match)
    assert (status, detail) == (400, "the note has 2001 characters: 2000 are the most")


async def test_rolling_back_is_a_new_version_of_an_old_text(editor: Editor) -> None:
    await editor.save(FIRST)
    last = await editor.save(SHOWN.replace("<secret>", "https://hooks.example/another"))
    body = {"version": 2, "note": "it was better"}
    answer = await editor.ask("POST", "/config/rollback", body, last["digest"])
    assert answer.status_code == 200, answer.text
    newest = (await editor.versions())[0]
    assert (newest["id"], newest["cause"], newest["restored"], newest["note"]) == (
        4,
        "roll back",
        2,
        "it was better",
    )
    (receiver,) = editor.hub.alerting.config.receivers
    assert receiver.webhook_configs[0].url.reveal() == HOOK
    for version in (99, 0, 10**15):
        status, detail = await editor.refused(
            "POST", "/config/rollback", {"version": version}, (await editor.get("/config"))["digest"]
        )
        assert status == 404
        assert f"has no version {version}" in detail


async def test_any_two_versions_are_compared(editor: Editor) -> None:
    await editor.save(FIRST)
    await editor.save(SECOND)
    found = await editor.get("/config/diff", before=2, after=3)
    assert "-route: {receiver: team}\n+route: {receiver: team, group_wait: 10s}\n" in found["diff"]
    assert (found["before"], found["after"]) == (SHOWN, SECOND.replace(HOOK, "<secret>"))
    assert (await editor.get("/config/diff", before=3))["diff"] == ""
    assert (await editor.ask("GET", "/config/diff", before=77)).status_code == 404
    assert (await editor.ask("GET", "/config/versions/0")).status_code == 404
    assert (await editor.ask("GET", f"/config/versions/{10**30}")).status_code == 404


async def test_versions_come_in_pages(editor: Editor) -> None:
    await editor.save(FIRST)
    await editor.save(SECOND)
    page = await editor.get("/config/versions", limit=2)
    assert ([item["id"] for item in page["items"]], page["more"]) == ([3, 2], True)
    rest = await editor.get("/config/versions", before=2)
    assert ([item["id"] for item in rest["items"]], rest["more"]) == ([1], False)
    assert (await editor.ask("GET", "/config/versions", before=10**15)).status_code == 400


async def test_the_schema_is_served(editor: Editor) -> None:
    assert "webhook_configs" in (await editor.get("/config/schema"))["$defs"]["ReceiverConfig"]["properties"]


async def test_without_a_file_the_newest_version_holds_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as editor:
        saved = await editor.save(FIRST)
    async with running(tmp_path) as editor:
        assert editor.receivers == ["team"]
        assert (await editor.get("/config"))["digest"] == saved["digest"]
        assert len(await editor.versions()) == 2


async def test_a_version_that_cannot_be_used_any_more_names_the_way_out(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as editor:
        assert editor.hub.configuration.versions is not None
        await editor.hub.configuration.versions.add(
            "route: {was_taken_once: 1}",
            digest="",
            directory="/",
            cause=Cause.SAVE,
        )
    with pytest.raises(
        AlertingError,
        match=r"(?s)version 2 of the alerting configuration.*start the hub with --alerting FILE",
    ):
        async with running(tmp_path):
            pass


async def test_a_file_holds_and_cannot_be_edited_unless_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(FIRST)
    async with running(tmp_path, alerting=file) as editor:
        assert "start the hub with --alerting-editable" in (await editor.get("/config"))["locked"]
        match = (await editor.get("/config"))["digest"]
        status, detail = await editor.refused("PUT", "/config", {"text": SECOND}, match)
        assert status == 409
        assert "the alerting configuration cannot be edited here: it is what the file" in detail
        file.write_text(SECOND)
        assert (await editor.ask("POST", "/reload")).status_code == 200
        assert [(item["cause"], item["by"]) for item in await editor.versions()] == [
            ("reload", "environment"),
            ("start", ""),
        ]
        file.write_text(FIRST)
        await editor.hub.configuration.try_reload(Cause.SIGNAL)
        await editor.hub.configuration.try_reload(Cause.SIGNAL)
        assert [item["cause"] for item in await editor.versions()] == ["signal", "reload", "start"]


async def test_open_consoles_are_told_of_what_is_saved_and_rolled_back_and_of_nothing_that_was_refused(
    editor: Editor,
) -> None:
    with editor.hub.streams.listen(lambda event: event.type == "configuration") as listener:
        await editor.save(FIRST)
        match = (await editor.get("/config"))["digest"]
        await editor.refused("PUT", "/config", {"text": "route: {}"}, match)
        await editor.refused("PUT", "/config", {"text": SECOND}, "another")
        answer = await editor.ask("POST", "/config/rollback", {"version": 1}, match)
        assert answer.status_code == 200, answer.text
        assert await causes(listener) == [("save", ""), ("roll back", "")]


async def test_open_consoles_are_told_of_each_reload_and_why_one_could_not_be_used(tmp_path: Path) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(FIRST)
    async with running(tmp_path, alerting=file) as editor:
        with editor.hub.streams.listen(lambda event: event.type == "configuration") as listener:
            assert (await editor.ask("POST", "/reload")).status_code == 200
            file.write_text("banana: 1")
            await editor.refused("POST", "/reload", None)
            file.write_text(SECOND)
            await editor.hub.configuration.try_reload(Cause.SIGNAL)
            (reloaded, _), (again, why), (signal, _) = await causes(listener)
        assert (reloaded, again, signal) == ("reload", "reload", "signal")
        assert "unknown key `banana`" in why
        audited = await editor._client.get(
            "/api/v1/audit",
            headers={"Authorization": f"Bearer {TOKEN}"},
            params={"action": "alerting.reload"},
        )
        assert [entry["actor"]["kind"] for entry in audited.json()["items"]] == ["system", "token", "token"]


async def causes(listener: Listener) -> list[tuple[str, str]]:
    listener.end()
    bodies = [msgspec.json.decode(event.data) async for batch in listener.batches(1.0) for event in batch]
    return [(body["cause"], body.get("error", "")) for body in bodies]


async def test_a_file_that_may_be_written_is(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "alertmanager.yml"
    file.parent.mkdir()
    file.write_text(FIRST)
    file.chmod(0o640)
    (file.parent / "key").write_text("x")
    async with running(tmp_path, alerting=file, alerting_editable=True) as editor:
        assert (await editor.get("/config"))["locked"] == ""
        await editor.save(SHOWN.replace("{receiver: team}", "{receiver: team, group_wait: 10s}"))
        assert file.read_text() == SECOND
        assert file.stat().st_mode & 0o777 == 0o640
        assert sorted(path.name for path in file.parent.iterdir()) == ["alertmanager.yml", "key"]
        named = SHOWN.replace("url: <secret>", "url_file: key")
        await editor.save(named)
        file.write_text(FIRST)
        match = (await editor.get("/config"))["digest"]
        status, detail = await editor.refused("PUT", "/config", {"text": named}, match)
        assert status == 412
        assert "was changed since it was read: have it read again first" in detail
        assert file.read_text() == FIRST
        answer = await editor.ask("POST", "/config/rollback", {"version": 1}, match)
        assert answer.status_code == 412


async def test_a_file_that_cannot_be_written_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(FIRST)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async with running(tmp_path, alerting=file, alerting_editable=True) as editor:
        match = (await editor.get("/config"))["digest"]
        monkeypatch.setattr("os.fsync", fail)
        status, detail = await editor.refused("PUT", "/config", {"text": SECOND}, match)
        monkeypatch.undo()
        assert status == 503
        assert "cannot be written: No space left on device; nothing was changed" in detail
        assert file.read_text() == FIRST
        assert list(tmp_path.glob(".alertmanager*")) == []
        assert editor.hub.alerting.route.group_wait == 30
        assert len(await editor.versions()) == 1


async def test_what_cannot_be_kept_is_not_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(FIRST)

    async def fail(*_: object, **__: object) -> None:
        raise AlertingError("the records cannot be written")

    async with running(tmp_path, alerting=file, alerting_editable=True) as editor:
        match = (await editor.get("/config"))["digest"]
        with monkeypatch.context() as patched:
            patched.setattr(Versions, "add", fail)
            status, _ = await editor.refused("PUT", "/config", {"text": SECOND}, match)
        assert status == 400
        assert file.read_text() == FIRST
        assert editor.hub.alerting.route.group_wait == 30
        assert (await editor.get("/config"))["digest"] == match
