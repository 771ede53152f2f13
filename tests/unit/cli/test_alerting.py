from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

GOOD = """
route:
  receiver: team
  routes: [{matchers: [severity="critical"], receiver: pager}]
receivers:
  - name: team
    webhook_configs: [{url: https://h/hunter2}, {url: https://h/2}]
    slack_configs: [{api_url: https://hooks/hunter2, channel: '#a'}]
  - name: pager
  - name: spare
"""

BAD = """
global: {smtp_auth_password: hunter2, resolve_timout: 5m}
route: {receiver: team, group_wait: soon}
receivers:
  - name: team
    webhook_configs: [{url: 'htp://u:hunter2@h'}]
"""


class TestCheck:
    def test_tells_what_a_good_file_holds_and_ends_well(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "a.yml"
        file.write_text(GOOD)
        found = run("alerting", "check", str(file))
        assert found.exit_code == 0
        assert found.output.split("\n") == [
            f"{file} can be used.",
            "",
            "  2 routes",
            "  3 receivers",
            "    team: slack, 2 x webhook",
            "    pager: tells nobody",
            "    spare: tells nobody; no route names it",
            "  files of templates: none",
            "",
        ]

    def test_tells_every_problem_with_its_place_and_ends_badly(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "a.yml"
        file.write_text(BAD)
        found = run("alerting", "check", str(file))
        assert found.exit_code == 1
        assert f"{file}:2:39: unknown key `resolve_timout`, did you mean `resolve_timeout`?" in found.output
        assert f'{file}:3:37: `route.group_wait`: "soon" is not a duration' in found.output
        assert f"{file}:6:29: " in found.output
        assert found.output.endswith(f"3 problems in {file}\n")

    @pytest.mark.parametrize("text", [GOOD, BAD])
    @pytest.mark.parametrize("flags", [[], ["--json"]])
    def test_never_shows_a_secret(self, run: Run, tmp_path: Path, text: str, flags: list[str]) -> None:
        file = tmp_path / "a.yml"
        file.write_text(text)
        assert "hunter2" not in run("alerting", "check", str(file), *flags).output

    def test_for_scripts_prints_problems_or_a_summary(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "a.yml"
        file.write_text(BAD)
        found = run("alerting", "check", str(file), "--json")
        assert found.exit_code == 1
        problems = json.loads(found.output)["problems"]
        assert [(problem["line"], problem["column"]) for problem in problems] == [(2, 39), (3, 37), (6, 29)]
        file.write_text(GOOD)
        found = run("alerting", "check", str(file), "--json")
        assert found.exit_code == 0
        told = json.loads(found.output)
        assert told["problems"] == []
        assert told["summary"]["routes"] == 2
        assert told["summary"]["receivers"][0] == {
            "name": "team",
            "integrations": {"slack": 1, "webhook": 2},
        }
        assert told["summary"]["unusedReceivers"] == ["spare"]

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (None, "cannot be read: No such file or directory"),
            (b"", "is empty"),
            (b"# nothing\n", "is empty"),
            (b"\x7fELF\x02\xff\xfe", "is not UTF-8: byte 5 is wrong"),
            (b"route: \x00", "is not YAML"),
            (b"route: {", "is not YAML"),
            (b"- a\n", "the file must be a mapping"),
        ],
    )
    def test_a_file_that_is_none_is_one_clear_line(
        self, run: Run, tmp_path: Path, content: bytes | None, words: str
    ) -> None:
        file = tmp_path / "a.yml"
        if content is not None:
            file.write_bytes(content)
        found = run("alerting", "check", str(file))
        assert found.exit_code == 1
        first, *others = found.output.rstrip("\n").split("\n")
        assert first.startswith(str(file))
        assert words in first
        assert others == ["", f"1 problem in {file}"]

    def test_a_directory_is_told_to_be_one(self, run: Run, tmp_path: Path) -> None:
        found = run("alerting", "check", str(tmp_path))
        assert found.exit_code == 1
        assert "cannot be read: Is a directory" in found.output

    def test_what_a_file_writes_to_the_terminal_is_not_obeyed(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "a.yml"
        file.write_text('"\\e[31mred": 1\nroute: {receiver: a}\nreceivers: [{name: "a"}]')
        assert "\x1b" not in run("alerting", "check", str(file)).output
