from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from farwatch.hub.console.pages import NONCE_PLACE, ConsolePages, policy


def test_each_answer_has_a_nonce_of_its_own_in_the_page_and_in_the_policy(built: Path) -> None:
    pages = ConsolePages(built)
    first, second = pages.page(), pages.page()
    (nonce,) = set(re.findall(r'nonce="([^"]+)"', first.content.decode()))
    assert nonce != NONCE_PLACE
    assert f"style-src 'self' 'nonce-{nonce}'" in first.policy
    assert nonce not in second.content.decode()


def test_scripts_are_never_let_in_by_a_nonce(built: Path) -> None:
    page = ConsolePages(built).page()
    assert "script-src 'self';" in page.policy
    assert "unsafe" not in page.policy
    assert "nonce" not in policy()


def test_a_file_is_there_as_it_is_and_as_gzip(built: Path) -> None:
    file = ConsolePages(built).asset("index-1a2b.js")
    assert file is not None
    assert file.media_type == "text/javascript"
    assert gzip.decompress(file.compressed) == file.content
    assert len(file.compressed) < len(file.content)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../index.html", "..\\index.html", ".hidden", "none.js", "../../secret"]
)
def test_names_that_lead_elsewhere_or_nowhere_find_nothing(built: Path, name: str) -> None:
    (built / "console" / "assets" / ".hidden").write_text("x")
    (built.parent / "secret").write_text("x")
    assert ConsolePages(built).asset(name) is None
    assert ConsolePages(built).fixed(name) is None


def test_a_new_build_shows_without_a_restart(built: Path) -> None:
    pages = ConsolePages(built)
    pages.page()
    (built / "index.html").write_text("<title>new</title>")
    assert pages.page().content == b"<title>new</title>"


def test_where_nothing_was_built_the_page_says_how_to(tmp_path: Path) -> None:
    pages = ConsolePages(tmp_path / "dist")
    assert not pages.is_built
    page = pages.page()
    assert b"make ui" in page.content
    assert page.policy == policy()
