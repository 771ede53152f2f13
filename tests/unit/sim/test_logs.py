from typing import Any

import pytest

from farwatch.sim.logs import Line, LogBook, Run, select_lines
from farwatch.sim.store import Store

from ..clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def book(clock: Clock) -> LogBook:
    store = Store(clock)
    store.create("namespaces", {"metadata": {"name": "shop"}})
    store.create("pods", {"metadata": {"name": "web", "namespace": "shop"}, "spec": {}})
    made = LogBook(store)
    made.store = store  # type: ignore[attr-defined] # tests delete the pod through it
    return made


def texts(run: Run | None) -> list[str]:
    return [line.text for line in run.lines] if run else []


def test_a_restart_makes_the_current_run_the_previous(book: LogBook) -> None:
    book.write("shop", "web", "c", "a", "b")
    assert book.previous("shop", "web", "c") is None
    book.restart("shop", "web", "c")
    book.write("shop", "web", "c", "c")
    assert texts(book.previous("shop", "web", "c")) == ["a", "b"]
    assert texts(book.current("shop", "web", "c")) == ["c"]
    book.restart("shop", "web", "c")
    assert texts(book.previous("shop", "web", "c")) == ["c"]


def test_followers_get_lines_until_the_run_ends(book: LogBook) -> None:
    seen: list[Line | None] = []
    stopped: list[Line | None] = []
    run = book.current("shop", "web", "c")
    run.follow(seen.append)
    run.follow(stopped.append)()
    book.write("shop", "web", "c", "a")
    book.restart("shop", "web", "c")
    book.write("shop", "web", "c", "b")
    assert seen == [Line(1_000.0, "a"), None]
    assert stopped == []


def test_a_deleted_pods_output_is_dropped(book: Any) -> None:
    book.write("shop", "web", "c", "a")
    run = book.current("shop", "web", "c")
    book.store.delete("pods", "shop", "web")
    assert run.ended
    assert texts(book.current("shop", "web", "c")) == []


def test_only_the_last_lines_are_kept(book: LogBook) -> None:
    book.write("shop", "web", "c", *map(str, range(3_000)))
    assert texts(book.current("shop", "web", "c"))[0] == "1000"


def test_lines_are_selected_by_time_then_from_the_end(book: LogBook, clock: Clock) -> None:
    for text in "abcd":
        book.write("shop", "web", "c", text)
        clock.now += 10
    run = book.current("shop", "web", "c")
    assert [line.text for line in select_lines(run, since=1_010.0)] == ["b", "c", "d"]
    assert [line.text for line in select_lines(run, since=1_010.0, tail=2)] == ["c", "d"]
    assert [line.text for line in select_lines(run, tail=0)] == []
    assert [line.text for line in select_lines(run, tail=9)] == ["a", "b", "c", "d"]
