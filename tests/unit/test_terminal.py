from __future__ import annotations

import pytest

from farwatch.terminal import PLAIN_WIDTH, make_console, plain


def test_off_a_terminal_lines_are_wide_enough_for_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert make_console().width == PLAIN_WIDTH


def test_a_width_that_was_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    assert make_console().width == 70


def test_text_is_no_mark_up(capsys: pytest.CaptureFixture[str]) -> None:
    make_console().print("[red]a[/red] :smile: 7")
    assert capsys.readouterr().out == "[red]a[/red] :smile: 7\n"


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0)])
def test_no_control_character_reaches_the_terminal(code: int) -> None:
    shown = plain(f"a{chr(code)}b").plain
    assert shown in {"a�b", "a b"}


def test_other_text_stays_as_it_is() -> None:
    text = "wéb-1 → 10 % «x» 日本 😀"
    assert plain(text, "red").plain == text
