from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from farwatch.hub.detect import DETECTORS, RUNBOOKS

PAGE = (Path(__file__).parents[4] / "docs" / "detectors.md").read_text()


def test_every_detector_has_a_runbook_in_the_order_of_the_registry() -> None:
    assert list(RUNBOOKS) == list(DETECTORS)


def test_the_page_shows_the_runbooks_word_for_word() -> None:
    source = files("farwatch.hub.detect").joinpath("runbooks.md").read_text()
    assert PAGE.endswith(source), "copy src/farwatch/hub/detect/runbooks.md to the end of docs/detectors.md"


@pytest.mark.parametrize("name", DETECTORS)
def test_a_runbook_says_what_it_means_and_then_what_to_do(name: str) -> None:
    meaning, *_, advice = RUNBOOKS[name]
    assert meaning
    assert advice.startswith("What to do: ")
    assert not any("\n" in paragraph for paragraph in RUNBOOKS[name])
