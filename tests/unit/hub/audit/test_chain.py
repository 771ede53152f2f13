"""The chain: whatever is done to a log, verifying it finds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from farwatch.hub.audit.actions import Action, Result
from farwatch.hub.audit.chain import GENESIS, FaultKind, Head, Verdict, link
from farwatch.hub.audit.entries import Actor, ActorKind, AuditEntry, Event
from farwatch.hub.audit.errors import AuditFileError
from farwatch.hub.audit.export import MAX_LINE_BYTES, to_lines, verify_lines

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

texts = st.text(max_size=12)
events = st.builds(
    Event,
    action=st.sampled_from(list(Action)),
    actor=st.builds(Actor, kind=st.sampled_from(list(ActorKind)), name=texts),
    result=st.sampled_from(list(Result)),
    status=st.sampled_from([0, 200, 403]),
    details=st.dictionaries(texts, st.one_of(texts, st.integers(), st.lists(texts, max_size=3)), max_size=3),
).map(Event.bounded)


def write_log(wanted: Sequence[Event]) -> list[AuditEntry]:
    head, log = Head(0, GENESIS), []
    for number, event in enumerate(wanted):
        _, entry = link(event, head, NOON + timedelta(seconds=number))
        head = Head(entry.sequence, entry.hash)
        log.append(entry)
    return log


def lines_of(log: Sequence[AuditEntry]) -> list[bytes]:
    return to_lines(log).splitlines(keepends=True)


LOG = write_log([Event(action=action, actor=Actor(kind=ActorKind.USER, name="ada")) for action in Action][:8])
LINES = lines_of(LOG)


def verify(lines: Sequence[bytes], head: str = LOG[-1].hash, *, part: bool = False) -> Verdict:
    return verify_lines(lines, head, part=part)


def fault(lines: Sequence[bytes], head: str = "") -> tuple[int, str]:
    found = verify(lines, head).fault
    assert found
    return found.sequence, found.kind


@given(st.lists(events, min_size=1, max_size=6))
def test_a_log_that_nobody_touched_holds(wanted: list[Event]) -> None:
    log = write_log(wanted)
    assert verify(lines_of(log), log[-1].hash) == Verdict(
        ok=True, entries=len(log), head=Head(log[-1].sequence, log[-1].hash, log[-1].time)
    )


@given(st.lists(events, min_size=2, max_size=6), st.data())
def test_any_byte_that_is_another_is_found(wanted: list[Event], data: st.DataObject) -> None:
    log = write_log(wanted)
    whole = to_lines(log)
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[place]))
    edited = whole[:place] + bytes([byte]) + whole[place + 1 :]
    if edited.rstrip(b"\r\n") == whole.rstrip(b"\r\n"):
        return  # the end of the last line says nothing
    assert not verify(edited.splitlines(keepends=True), log[-1].hash).ok


@given(st.integers(0, len(LINES) - 1))
def test_any_entry_that_is_taken_out_is_found(gone: int) -> None:
    found = verify([*LINES[:gone], *LINES[gone + 1 :]]).fault
    assert found
    assert (found.sequence, found.kind) == (gone + 1, FaultKind.MISSING)


@given(st.integers(0, len(LINES) - 1), st.integers(0, len(LINES)))
def test_any_entry_that_is_put_in_again_is_found(which: int, where: int) -> None:
    assert not verify([*LINES[:where], LINES[which], *LINES[where:]]).ok


@given(st.permutations(LINES).filter(lambda lines: lines != LINES))
def test_any_other_order_is_found(lines: list[bytes]) -> None:
    found = verify(lines).fault
    assert found
    assert found.kind is FaultKind.REORDERED
    wrong = next(
        place for place, (one, other) in enumerate(zip(lines, LINES, strict=True), 1) if one != other
    )
    assert found.sequence == wrong


@given(st.integers(0, len(LOG) - 1), events)
def test_an_entry_that_is_sealed_anew_breaks_the_next_one(which: int, event: Event) -> None:
    former = Head(which, LOG[which - 1].hash if which else GENESIS)
    _, other = link(event, former, NOON)
    assert other != LOG[which]
    found = verify([*LINES[:which], *lines_of([other]), *LINES[which + 1 :]]).fault
    assert found
    if which + 1 < len(LOG):
        assert (found.sequence, found.kind) == (which + 2, FaultKind.CHANGED)
        assert "one of the two was written anew" in found.detail
    else:  # only who has noted the head can tell
        assert "no entry has the hash" in found.detail


def test_entries_taken_off_the_end_are_missed_by_who_has_noted_the_head() -> None:
    assert verify(LINES[:-2], "").ok
    found = verify(LINES[:-2]).fault
    assert found
    assert (found.sequence, found.kind) == (7, FaultKind.MISSING)
    assert "taken off the end, after entry 6" in found.detail


def test_a_head_that_was_noted_long_ago_is_still_there() -> None:
    assert verify(LINES, LOG[2].hash.upper() + "\n").ok


def test_a_log_that_was_written_anew_as_a_whole_lacks_the_noted_head() -> None:
    anew = write_log([Event(action=Action.LOG_BEGIN, details={"log": "another"})] * len(LOG))
    assert verify(lines_of(anew), "").ok
    assert not verify(lines_of(anew)).ok


def test_an_empty_log_is_none() -> None:
    assert fault([]) == (1, FaultKind.MISSING)


def test_a_log_whose_beginning_is_gone_is_a_part_only_where_that_is_said() -> None:
    assert fault(LINES[3:]) == (1, FaultKind.MISSING)
    assert verify(LINES[3:], part=True).ok
    assert not verify([*LINES[3:5], *LINES[6:]], part=True).ok


def test_a_first_entry_that_says_another_came_before_is_found() -> None:
    _, other = link(Event(action=Action.LOG_BEGIN), Head(0, "f" * 64), NOON)
    found = verify(lines_of([other]), "").fault
    assert found
    assert found.detail == "entry 1 was changed: it says that another one came before"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{",
        b"[]",
        b"1",
        b"{}",
        b'{"hash":1}',
        b'{"hash":"a","sequence":"2"}',
        b"\xff\xfe",
        b"[" * 5000,
    ],
)
def test_a_line_that_is_no_entry_is_a_changed_one(line: bytes) -> None:
    assert fault([LINES[0], line, *LINES[2:]]) == (2, FaultKind.CHANGED)


def test_a_member_that_stands_twice_is_found() -> None:
    line = LINES[1].replace(b'{"action"', b'{"action":"silence.end","action"')
    assert fault([LINES[0], line, *LINES[2:]]) == (2, FaultKind.CHANGED)


def test_a_line_without_end_is_refused_before_it_is_read() -> None:
    with pytest.raises(AuditFileError, match="line 2 is longer than 65536 bytes: this is no audit log"):
        verify([LINES[0], b"x" * (MAX_LINE_BYTES + 1)])


def test_anybody_can_make_the_hash_with_tools_of_their_own() -> None:
    members = json.loads(LINES[4])
    expected = members.pop("hash")
    body = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(body.encode()).hexdigest() == expected
    assert msgspec.json.decode(LINES[4], type=AuditEntry) == LOG[4]
