from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from farwatch.hub.main import EXIT_USAGE, HubOptions, run


@pytest.fixture
def taken() -> Iterator[str]:
    """An address that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def quiet_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of the test's own process stays as it is."""
    monkeypatch.setattr("farwatch.hub.main.configure_logs", lambda *_: None)


def refuse(capsys: pytest.CaptureFixture[str], **options: Any) -> str:
    """What a hub says that does not start: one line on stderr, with exit code 2."""
    assert run(HubOptions(**{"listen": "127.0.0.1:0", **options})) == EXIT_USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("farwatch hub: ")
    return shown.err.removeprefix("farwatch hub: ").removesuffix("\n")


class TestRefusals:
    def test_a_taken_port(self, tmp_path: Path, taken: str, capsys: pytest.CaptureFixture[str]) -> None:
        said = refuse(capsys, data=tmp_path, listen=taken)
        assert said == (
            f"cannot listen on {taken}: Address already in use; stop what uses it, or choose another --listen"
        )

    def test_an_address_that_is_none(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "is not of the form HOST:PORT" in refuse(capsys, data=tmp_path, listen="8080")
        said = refuse(capsys, data=tmp_path, listen="no-such-host.invalid:0")
        assert said.startswith("cannot listen on no-such-host.invalid:0: ")
        assert "Unknown error" not in said

    def test_an_address_for_alertmanagers_api(
        self, tmp_path: Path, taken: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        said = refuse(capsys, data=tmp_path, alertmanager_listen=taken)
        assert said.startswith(f"cannot listen on {taken}: Address already in use; ")
        assert said.endswith("choose another --alertmanager-listen")
        said = refuse(capsys, data=tmp_path, alertmanager_listen="9093")
        assert said.startswith("--alertmanager-listen '9093' is not of the form HOST:PORT")

    def test_a_directory_that_cannot_be_made(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "file").write_text("")
        said = refuse(capsys, data=tmp_path / "file" / "data")
        assert str(tmp_path / "file" / "data") in said
        assert "\n" not in said

    @pytest.mark.parametrize("option", ["alerting", "detectors"])
    def test_a_file_that_is_not_there(
        self, tmp_path: Path, option: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        said = refuse(capsys, data=tmp_path, **{option: tmp_path / "nope.yml"})
        assert "nope.yml" in said
        assert "No such file or directory" in said

    def test_a_file_with_a_fault(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "detectors.yml"
        file.write_text("detect: {detectors: {KubeNope: {}}}")
        assert "there is no detector 'KubeNope'" in refuse(capsys, data=tmp_path, detectors=file)

    def test_an_option_that_makes_no_sense(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--external-url 'hub' is not an address" in refuse(capsys, data=tmp_path, external_url="hub")
        assert "--log-level 'loud' is none of" in refuse(capsys, data=tmp_path, log_level="loud")
        assert "FARWATCH_ADMIN_PASSWORD: the password is shorter" in refuse(
            capsys, data=tmp_path, admin_password="short"
        )
        assert "FARWATCH_ADMIN_TOKEN is shorter" in refuse(capsys, data=tmp_path, admin_token="short")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_says_where_it_is_and_how_to_get_in_and_ends_well_on_a_signal(
    tmp_path: Path, number: signal.Signals
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FARWATCH_")}
    command = [sys.executable, "-m", "farwatch", "hub", "--data", "data", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        greeting, token, password = (process.stdout.readline() for _ in range(3))
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert greeting.startswith("Farwatch hub on http://127.0.0.1:")
    assert token.startswith("Admin API token, shown this once: fwt_")
    assert password.startswith("Password of the user admin, shown this once: ")
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err


def test_a_hub_that_is_told_to_stop_while_it_starts_closes_what_it_opened(tmp_path: Path) -> None:
    # The lock file is the first thing that a start makes.
    command = [sys.executable, "-m", "farwatch", "hub", "--data", "data", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (tmp_path / "data" / "hub.lock").exists():
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err
