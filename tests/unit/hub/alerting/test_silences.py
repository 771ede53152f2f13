from __future__ import annotations

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from farwatch.hub.alerting.matchers import Matchers
from farwatch.hub.alerting.silences import (
    KEPT_SECONDS,
    Silence,
    SilenceChange,
    SilenceError,
    SilenceEvent,
    SilenceNotFoundError,
    Silences,
    SilenceState,
    matchers_of,
)

NOW = 1_000.0
HOUR = 3_600.0


class Book:
    """Silences, and the ids that new ones get."""

    def __init__(self) -> None:
        self.silences = Silences()
        self._ids = map(str, itertools.count(1))

    def set(self, matchers: str, now: float = NOW, **changes: object) -> list[tuple[SilenceChange, str]]:
        wanted = wish(matchers, **changes)
        events = self.silences.planned(wanted, now, next(self._ids))
        self.silences.apply(events)
        return told(events)

    def expire(self, key: str, now: float) -> list[tuple[SilenceChange, str]]:
        events = self.silences.expiring(key, now)
        self.silences.apply(events)
        return told(events)

    def hushing(self, now: float = NOW, **labels: str) -> list[str]:
        return [silence.id for silence in self.silences.silencing(labels, now)]


def wish(matchers: str, **changes: object) -> Silence:
    base = Silence(
        id="",
        matchers=Matchers.parse(matchers),
        starts_at=NOW,
        ends_at=NOW + HOUR,
        updated_at=0,
        created_by="on-call",
        comment="known",
    )
    return msgspec.structs.replace(base, **changes)


def told(events: list[SilenceEvent]) -> list[tuple[SilenceChange, str]]:
    return [(event.change, event.silence.id) for event in events]


@pytest.fixture
def book() -> Book:
    return Book()


class TestHushing:
    def test_alerts_that_fulfil_all_matchers_are_hushed_while_it_is_active(self, book: Book) -> None:
        book.set('cluster="a",severity=~"warning|info"', starts_at=NOW + 60)
        assert book.hushing(NOW + 59, cluster="a", severity="info") == []
        assert book.hushing(NOW + 60, cluster="a", severity="info", pod="x") == ["1"]
        assert book.hushing(NOW + 60, cluster="a", severity="critical") == []
        assert book.hushing(NOW + 60, severity="info") == []
        assert book.hushing(NOW + HOUR - 1, cluster="a", severity="info") == ["1"]
        assert book.hushing(NOW + HOUR, cluster="a", severity="info") == []

    def test_negative_matchers_and_labels_that_are_missing_count(self, book: Book) -> None:
        book.set('severity!="critical",team!~"web|db"')
        assert book.hushing(severity="info") == ["1"]
        assert book.hushing() == ["1"]
        assert book.hushing(team="web") == []

    def test_all_that_hush_an_alert_are_told_the_oldest_first(self, book: Book) -> None:
        book.set('a="1"', starts_at=NOW + 5)
        book.set('b="1"', starts_at=NOW + 1)
        book.set('a!=""', starts_at=NOW + 3)
        book.set('c="1"')
        assert book.hushing(NOW + 10, a="1", b="1") == ["2", "3", "1"]

    @given(
        conditions=st.lists(
            st.lists(
                st.builds(
                    lambda n, o, v: f'{n}{o}"{v}"',
                    st.sampled_from("abc"),
                    st.sampled_from(["=", "!=", "=~", "!~"]),
                    st.sampled_from(["", "1", "2", "1|2"]),
                ),
                min_size=1,
                max_size=3,
            ).map(",".join),
            max_size=6,
        ),
        labels=st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1", "2", "1|2"])),
    )
    def test_the_index_finds_what_looking_at_each_would(
        self, conditions: list[str], labels: dict[str, str]
    ) -> None:
        silences = Silences()
        for number, condition in enumerate(conditions):
            silences.remember(wish(condition, id=str(number)))
        expected = [str(n) for n, each in enumerate(conditions) if Matchers.parse(each).match(labels)]
        assert [silence.id for silence in silences.silencing(labels, NOW)] == expected


class TestChanging:
    def test_a_new_one_begins_now_at_the_earliest(self, book: Book) -> None:
        assert book.set('a="1"', starts_at=NOW - 60) == [(SilenceChange.CREATED, "1")]
        silence = book.silences.get("1")
        assert silence
        assert (silence.starts_at, silence.updated_at) == (NOW, NOW)

    def test_an_active_one_may_end_at_another_time_and_say_something_else(self, book: Book) -> None:
        book.set('a="1"')
        changes = {"id": "1", "ends_at": NOW + 2 * HOUR, "comment": "longer", "created_by": "other"}
        assert book.set('a="1"', now=NOW + 60, **changes) == [(SilenceChange.UPDATED, "1")]
        silence = book.silences.get("1")
        assert silence
        assert (silence.ends_at, silence.comment, silence.updated_at) == (
            NOW + 2 * HOUR,
            "longer",
            NOW + 60,
        )

    def test_other_matchers_make_a_new_one(self, book: Book) -> None:
        book.set('a="1"')
        assert book.set('a="2"', now=NOW + 60, id="1") == [
            (SilenceChange.EXPIRED, "1"),
            (SilenceChange.CREATED, "2"),
        ]
        assert book.hushing(NOW + 60, a="1") == []
        assert book.hushing(NOW + 60, a="2") == ["2"]
        old = book.silences.get("1")
        assert old
        assert (old.starts_at, old.ends_at) == (NOW, NOW + 60)

    def test_an_active_one_cannot_begin_at_another_time(self, book: Book) -> None:
        book.set('a="1"')
        told = book.set('a="1"', now=NOW + 60, id="1", starts_at=NOW + 120)
        assert told == [(SilenceChange.EXPIRED, "1"), (SilenceChange.CREATED, "2")]

    def test_one_that_is_pending_may_begin_at_another_time_to_come(self, book: Book) -> None:
        book.set('a="1"', starts_at=NOW + 600)
        assert book.set('a="1"', id="1", starts_at=NOW + 60) == [(SilenceChange.UPDATED, "1")]
        assert book.set('a="1"', id="1", starts_at=NOW - 60) == [
            (SilenceChange.EXPIRED, "1"),
            (SilenceChange.CREATED, "3"),
        ]

    def test_one_that_has_ended_is_made_anew(self, book: Book) -> None:
        book.set('a="1"')
        told = book.set('a="1"', now=NOW + HOUR, id="1", ends_at=NOW + 3 * HOUR)
        assert told == [(SilenceChange.CREATED, "2")]
        old = book.silences.get("1")
        assert old
        assert old.ends_at == NOW + HOUR

    @pytest.mark.parametrize(
        ("matchers", "changes", "fault"),
        [
            ("", {}, "without matchers would hush everything"),
            ('a=""', {}, "at least one matcher must not be"),
            ('a=~".*",b=~"x?"', {}, "at least one matcher must not be"),
            ('a="1"', {"ends_at": NOW}, "must start before it ends"),
            ('a="1"', {"starts_at": NOW - 60, "ends_at": NOW - 30}, "cannot end in the past"),
            ('a="1"', {"comment": "x" * 10_001}, "the comment has 10001 characters"),
            ('a="1"', {"created_by": "x" * 10_001}, "10000 are the most"),
            (",".join(f'a{n}="1"' for n in range(101)), {}, "at most 100 matchers, not 101"),
        ],
    )
    def test_what_cannot_be_is_refused_and_changes_nothing(
        self, book: Book, matchers: str, changes: dict[str, object], fault: str
    ) -> None:
        with pytest.raises(SilenceError, match=fault):
            book.set(matchers, **changes)
        assert len(book.silences) == 0

    @pytest.mark.parametrize("matchers", ['a!="1"', 'a!~"1"', 'a!=""', 'a=~".+"', 'a="1",b=""'])
    def test_one_matcher_that_a_missing_label_does_not_fulfil_is_enough(
        self, book: Book, matchers: str
    ) -> None:
        assert book.set(matchers) == [(SilenceChange.CREATED, "1")]

    def test_one_that_is_not_there_can_be_neither_changed_nor_ended(self, book: Book) -> None:
        with pytest.raises(SilenceNotFoundError, match="'nope'"):
            book.set('a="1"', id="nope")
        with pytest.raises(SilenceNotFoundError, match="'nope'"):
            book.expire("nope", NOW)


class TestEnding:
    def test_an_active_one_ends_now(self, book: Book) -> None:
        book.set('a="1"')
        assert book.expire("1", NOW + 60) == [(SilenceChange.EXPIRED, "1")]
        assert book.hushing(NOW + 60, a="1") == []
        assert book.expire("1", NOW + 61) == []

    def test_a_pending_one_never_begins(self, book: Book) -> None:
        book.set('a="1"', starts_at=NOW + 600)
        book.expire("1", NOW + 60)
        silence = book.silences.get("1")
        assert silence
        assert (silence.starts_at, silence.ends_at) == (NOW + 60, NOW + 60)
        assert silence.state(NOW + 60) is SilenceState.EXPIRED

    def test_its_end_by_time_is_told_once(self, book: Book) -> None:
        book.set('a="1"')
        assert book.silences.next_due() == NOW + HOUR
        assert book.silences.advance(NOW + HOUR - 1) == ([], [])
        events, forgotten = book.silences.advance(NOW + HOUR + 5)
        assert told(events) == [(SilenceChange.EXPIRED, "1")]
        assert events[0].time == NOW + HOUR
        assert not forgotten
        assert book.silences.advance(NOW + HOUR + 6) == ([], [])

    def test_one_that_was_ended_by_hand_is_not_told_again(self, book: Book) -> None:
        book.set('a="1"')
        book.expire("1", NOW + 60)
        assert book.silences.advance(NOW + 2 * HOUR) == ([], [])

    def test_one_that_was_prolonged_ends_at_its_new_time(self, book: Book) -> None:
        book.set('a="1"')
        book.set('a="1"', now=NOW + 60, id="1", ends_at=NOW + 2 * HOUR)
        assert book.silences.advance(NOW + HOUR) == ([], [])
        assert told(book.silences.advance(NOW + 2 * HOUR)[0]) == [(SilenceChange.EXPIRED, "1")]

    def test_it_is_forgotten_long_after_its_end(self, book: Book) -> None:
        book.set('a="1"')
        book.silences.advance(NOW + HOUR)
        assert book.silences.advance(NOW + HOUR + KEPT_SECONDS - 1) == ([], [])
        assert book.silences.advance(NOW + HOUR + KEPT_SECONDS) == ([], ["1"])
        assert len(book.silences) == 0
        assert book.silences.next_due() is None

    def test_one_that_ended_while_nobody_looked_is_told_and_forgotten_at_once(self, book: Book) -> None:
        book.silences.remember(wish('a="1"', id="x"))
        events, forgotten = book.silences.advance(NOW + HOUR + KEPT_SECONDS + 1)
        assert (told(events), forgotten) == ([(SilenceChange.EXPIRED, "x")], ["x"])


def test_those_that_are_over_cost_nothing_any_more(book: Book) -> None:
    for number in range(20):
        book.set(f'a="{number}"')
        book.set('b!="1"')
        book.expire(str(2 * number + 1), NOW + 1)
    book.silences.advance(NOW + HOUR)
    assert len(book.silences) == 40
    assert not book.silences._by_value
    assert not book.silences._by_none
    book.silences.advance(NOW + HOUR + KEPT_SECONDS)
    assert len(book.silences) == 0


class SilenceMachine(RuleBasedStateMachine):
    """Whatever people do, what a silence has hushed stays as it was, and its end is told once."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        self.now = NOW
        self.ended: list[str] = []
        self.past: dict[str, tuple[float, float]] = {}  # what each silence is known to have hushed

    @rule(
        value=st.sampled_from(["1", "2"]),
        which=st.integers(0, 20),
        starts=st.integers(-100, 200),
        lasts=st.integers(1, 300),
    )
    def set(self, value: str, which: int, starts: int, lasts: int) -> None:
        known = ["", *(silence.id for silence in self.book.silences)]
        key = known[which % len(known)]
        old = self.book.silences.get(key)
        starts_at = old.starts_at if old and starts < 0 else self.now + starts
        wanted = {"id": key, "starts_at": starts_at, "ends_at": starts_at + lasts}
        try:
            events = self.book.set(f'a="{value}"', now=self.now, **wanted)
        except SilenceError:
            return
        self.ended += [key for change, key in events if change is SilenceChange.EXPIRED]

    @precondition(lambda self: len(self.book.silences))
    @rule(which=st.integers(0, 20))
    def expire(self, which: int) -> None:
        known = [silence.id for silence in self.book.silences]
        events = self.book.expire(known[which % len(known)], self.now)
        self.ended += [key for _, key in events]

    @rule(seconds=st.integers(1, 200))
    def advance(self, seconds: int) -> None:
        for silence in self.book.silences:
            if silence.state(self.now) is SilenceState.ACTIVE:
                self.past[silence.id] = (silence.starts_at, min(self.now, silence.ends_at))
        self.now += seconds
        events, _ = self.book.silences.advance(self.now)
        self.ended += [event.silence.id for event in events]

    @invariant()
    def what_was_hushed_stays_so(self) -> None:
        for key, (began, until) in self.past.items():
            silence = self.book.silences.get(key)
            assert silence
            assert int(silence.starts_at) == int(began)
            assert silence.ends_at >= until

    @invariant()
    def ends_are_told_once(self) -> None:
        over = [s.id for s in self.book.silences if s.state(self.now) is SilenceState.EXPIRED]
        assert len(self.ended) == len(set(self.ended))
        assert set(self.ended) <= set(over)
        late = [s for s in self.book.silences if s.id in set(over) - set(self.ended)]
        assert all(silence.ends_at <= self.now for silence in late)


TestSilenceMachine = SilenceMachine.TestCase


def test_of_many_alerts_those_are_counted_that_a_silence_fits_unless_it_is_over() -> None:
    book = Book()
    book.set('a="1"')
    book.set('a="1", b!="2"')
    book.set('b=~"2|3"', starts_at=NOW + 10)
    book.set('a="1", c=""')
    book.expire("4", NOW)
    sets = [{"a": "1"}, {"a": "1", "b": "2"}, {"b": "3"}, {"c": "1"}]
    assert book.silences.count(sets) == {"1": 2, "2": 1, "3": 2}


LABELS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), min_size=1)


@given(LABELS, st.lists(LABELS))
def test_one_alert_is_told_from_all_others(labels: dict[str, str], others: list[dict[str, str]]) -> None:
    matchers = matchers_of(labels, [labels, *others])
    assert matchers.match(labels)
    assert not any(matchers.match(other) for other in others if other != labels)


def test_labels_are_wanted_to_be_missing_only_where_another_alert_has_them() -> None:
    others = [{"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "4"}, {"a": "5", "d": "6"}]
    assert str(matchers_of({"a": "1"}, others)) == '{a="1",b=""}'
