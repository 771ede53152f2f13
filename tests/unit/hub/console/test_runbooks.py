from __future__ import annotations

from html.parser import HTMLParser

import pytest

from farwatch.hub.console.runbooks import Piece, PieceKind, RunbookPages
from farwatch.hub.detect import DETECTORS, DetectSettings
from farwatch.hub.watchdog import OWN_ALERTS


class Outline(HTMLParser):
    """Text and links of a page; fails on a tag that is closed and was not open."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page.decode())
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert "style" not in found
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag not in {"meta", "link"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


def show(settings: object, name: str) -> str:
    page = RunbookPages(DetectSettings.parse(settings)).get(name)
    assert page is not None
    return " ".join(Outline(page).text.split())


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_has_a_page_whose_links_lead_somewhere(name: str) -> None:
    pages = RunbookPages(DetectSettings())
    page = pages.get(name)
    assert page is not None
    outline = Outline(page)
    assert DETECTORS[name].meaning in outline.text
    assert "What to do:" in outline.text
    for link in outline.links:
        assert link in {"/", "/runbooks"} or pages.get(link.removeprefix("/runbooks/"))


def test_the_index_links_to_every_page() -> None:
    links = Outline(RunbookPages(DetectSettings()).index).links
    assert {f"/runbooks/{name}" for name in DETECTORS} <= set(links)


def test_a_page_tells_how_its_detector_is_set_at_this_hub() -> None:
    text = show({}, "KubePodNotReady")
    assert "Severity warning Hold 5m of trouble" in text
    assert "Limit init_grace 10m" in text

    detector = {"severity": "critical", "hold": "90s", "calm": 600, "limits": {"init_grace": "1h"}}
    text = show({"detectors": {"KubePodNotReady": detector}}, "KubePodNotReady")
    assert "Severity critical Hold 1m30s of trouble before it is raised Calm 10m without trouble" in text
    assert "Limit init_grace 1h" in text
    assert "Turned off" not in text


def test_a_page_says_that_its_detector_is_turned_off() -> None:
    assert "Turned off by the settings" in show(
        {"detectors": {"KubePodEvicted": {"enabled": False}}}, "KubePodEvicted"
    )


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("KubeQuotaAlmostFull", "Limit ratio 0.9"),
        ("KubeNodeFlapping", "Limit transitions 4 Limit window 15m"),
    ],
)
def test_limits_that_are_no_times_are_shown_as_numbers(name: str, limit: str) -> None:
    assert limit in show({}, name)


def test_code_in_a_runbook_is_marked_and_escaped() -> None:
    page = RunbookPages(DetectSettings()).get("KubePodCrashLooping")
    assert page is not None
    assert b"<code>kubectl logs --previous</code>" in page
    assert b"`" not in page


def test_there_is_no_page_of_an_unknown_alert() -> None:
    assert RunbookPages(DetectSettings()).get("../pages.py") is None


@pytest.mark.parametrize("name", [*DETECTORS, *OWN_ALERTS])
def test_a_runbook_as_data_says_what_its_page_says(name: str) -> None:
    pages = RunbookPages(DetectSettings(), "https://hub.example")
    runbook = pages.tell(name)
    assert runbook is not None
    assert runbook.url == f"https://hub.example/runbooks/{name}"
    page = " ".join(Outline(pages.get(name) or b"").text.split())
    for words in (runbook.meaning, *(fact.value for fact in runbook.facts), runbook.hint):
        assert " ".join(words.split()) in page
    for paragraph in runbook.paragraphs:
        assert all(" ".join(piece.text.split()) in page for piece in paragraph)


def test_a_runbook_as_data_marks_code_and_names_other_runbooks() -> None:
    pages = RunbookPages(DetectSettings())
    told = [pages.tell(name) for name in DETECTORS]
    pieces = [piece for runbook in told if runbook for paragraph in runbook.paragraphs for piece in paragraph]
    assert Piece("kubectl logs --previous", PieceKind.CODE) in pieces
    assert Piece("What to do:", PieceKind.STRONG) in pieces
    named = {piece.text for piece in pieces if piece.kind is PieceKind.RUNBOOK}
    assert named
    assert all(pages.tell(name) for name in named)
    assert not any("`" in piece.text for piece in pieces)


def test_there_is_no_data_of_an_unknown_alert() -> None:
    assert RunbookPages(DetectSettings()).tell("Nope") is None
