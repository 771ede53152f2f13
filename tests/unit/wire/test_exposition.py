from __future__ import annotations

import pytest

from farwatch.wire.exposition import Family, counter, counters, gauge, gauges, write_text


def test_a_counter_has_help_type_and_one_sample() -> None:
    assert write_text([counter("frames_total", "Frames received.", 3)]) == (
        "# HELP frames_total Frames received.\n# TYPE frames_total counter\nframes_total 3\n"
    )


def test_labels_are_written_in_order_and_escaped() -> None:
    written = write_text([counters("closed_total", "Closed.", "reason", {"b": 1, 'a "quoted"\\\n': 2})])
    assert written.splitlines()[2:] == [
        'closed_total{reason="a \\"quoted\\"\\\\\\n"} 2',
        'closed_total{reason="b"} 1',
    ]


def test_help_is_escaped_so_that_it_stays_on_its_line() -> None:
    assert write_text([gauge("up", "One\nor \\none.", 1)]).splitlines()[0] == r"# HELP up One\nor \\none."


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (1.0, "1"),
        (0.25, "0.25"),
        (-3.5, "-3.5"),
        (1e-9, "1e-09"),
        (371605504.0, "371605504"),
        (1e300, "1e+300"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_are_written_as_go_reads_them(value: float, written: str) -> None:
    assert write_text([gauge("x", "X.", value)]).splitlines()[-1] == f"x {written}"


def test_a_family_without_samples_is_left_out() -> None:
    assert (
        write_text([gauges("x", "X.", "kind", {}), counter("y_total", "Y.", 1)]).splitlines()[0]
        == "# HELP y_total Y."
    )


def test_nothing_is_an_empty_text() -> None:
    assert write_text([]) == ""


def test_several_labels_stand_side_by_side() -> None:
    family = Family("objects", "gauge", "Objects.", [({"cluster": "prod", "kind": "Pod"}, 2)])
    assert write_text([family]).splitlines()[-1] == 'objects{cluster="prod",kind="Pod"} 2'
