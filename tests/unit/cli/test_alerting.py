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
            "  0 inhibition rules",
            "  time intervals: none",
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


TREE = """
route:
  receiver: team
  group_wait: 10s
  routes:
    - matchers: [team="db"]
      receiver: db
      continue: true
    - {matchers: [severity="critical"], receiver: pager}
receivers:
  - {name: team, webhook_configs: [{url: 'https://h/hunter2'}]}
  - {name: db}
  - {name: pager}
"""


class TestRoute:
    @pytest.fixture
    def file(self, tmp_path: Path) -> str:
        file = tmp_path / "a.yml"
        file.write_text(TREE)
        return str(file)

    def test_tells_each_turn_and_where_it_leads(self, run: Run, file: str) -> None:
        found = run("alerting", "route", "--labels", "team=db,severity=info", "--file", file, COLUMNS="200")
        assert found.exit_code == 0
        assert found.output.split("\n")[:7] == [
            "↓ The topmost route takes every alert, and hands on to what is below it.",
            (
                '  ✓ The route {team="db"} matches, and none below it does: receiver "db" is told, and says `continue`: its '
                "siblings are tried, too."
            ),
            '  ✗ The route {severity="critical"} does not match: severity="critical" is not fulfilled by severity="info".',
            "",
            'db: {}/{team="db"}:{}',
            '  Receiver "db" has no way to reach anybody: nobody is told.',
            "  All alerts that come here are told together.",
        ]

    @pytest.mark.parametrize(
        "labels",
        [
            ["team=db", "severity=critical"],
            ["--labels", "team=db,severity=critical"],
            ["--labels", "team=db", "--labels", 'severity="critical"'],
        ],
    )
    def test_takes_labels_in_each_way_in_which_they_are_written(
        self, run: Run, file: str, labels: list[str]
    ) -> None:
        found = json.loads(run("alerting", "route", *labels, "--file", file, "--json").output)
        assert found["labels"] == {"team": "db", "severity": "critical"}
        assert [place["receiver"] for place in found["destinations"]] == ["db", "pager"]

    def test_a_comma_within_a_value_is_part_of_it(self, run: Run, file: str) -> None:
        found = run("alerting", "route", "--labels", "a=b,c,d=e", "--file", file, "--json").output
        assert json.loads(found)["labels"] == {"a": "b,c", "d": "e"}

    def test_draws_the_tree_with_what_came_of_each_route(self, run: Run, file: str) -> None:
        shown = run("alerting", "route", "team=web", "--tree", "--file", file).output
        assert shown.split("\n")[:3] == [
            "✓ {} → team",
            '├── ✗ {team="db"} → db, continue',
            '└── ✗ {severity="critical"} → pager',
        ]

    def test_without_labels_draws_the_tree_alone(self, run: Run, file: str) -> None:
        shown = run("alerting", "route", "--tree", "--file", file).output
        assert shown.rstrip("\n").split("\n") == [
            "{} → team",
            '├── {team="db"} → db, continue',
            '└── {severity="critical"} → pager',
        ]

    def test_a_file_that_cannot_be_used_is_one_line(self, run: Run, tmp_path: Path) -> None:
        found = run("alerting", "route", "a=b", "--file", str(tmp_path / "none.yml"))
        assert found.exit_code == 1
        assert found.stderr.count("\n") == 1
        assert "farwatch alerting check" in found.stderr

    def test_a_file_tells_of_times_of_quiet(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "quiet.yml"
        file.write_text(
            "route: {receiver: a, routes: [{matchers: [b=c], mute_time_intervals: [always]}]}\n"
            "receivers: [{name: a}]\ntime_intervals: [{name: always, time_intervals: [{years: ['1970:9999']}]}]\n"
        )
        shown = run("alerting", "route", "b=c", "--file", str(file), COLUMNS="200").output
        assert 'The mute time interval "always" keeps people from being told, for more than a year.' in shown
        assert "Nobody is told now: the route is muted." in shown

    def test_the_tree_for_scripts_has_all_that_routes_inherit(self, run: Run, file: str) -> None:
        found = json.loads(run("alerting", "route", "--tree", "--json", "--file", file).output)
        assert [below["groupWait"] for below in found["routes"]] == [10, 10]

    @pytest.mark.parametrize("label", ["a", "=b", ""])
    def test_what_is_no_label_is_refused(self, run: Run, file: str, label: str) -> None:
        found = run("alerting", "route", label, "--file", file)
        assert found.exit_code == 2
        assert "is not of the form NAME=VALUE" in found.stderr
