"""Regular expressions in Go's (RE2's) syntax, matched in time linear in the text, whatever the expression.

Python's own ``re`` tries alternatives one after the other, so that an expression of a dozen characters can hold it for
years. Here all alternatives go forward at once, one character at a time, and the sets of places in the expression that
come of it are remembered: a second text costs a look-up for each of its characters.
"""

from __future__ import annotations

from typing import NamedTuple, Self

from farwatch.hub.alerting.regex_syntax import Chars, Choice, Edge, Node, Place, Repeat, Sequence, Test, parse

MAX_PLACES = 10_000
"""Places that one expression may have; Go has a limit of the same kind."""

MAX_REMEMBERED_MOVES = 10_000


class _Take(NamedTuple):
    """Takes a character that passes a test."""

    test: Test
    after: int


class _Check(NamedTuple):
    """Goes on only where a condition holds."""

    place: Place
    after: int


class _Fork(NamedTuple):
    """Goes on in several ways."""

    ways: tuple[int, ...]


_Step = _Take | _Check | _Fork


class Regex:
    """An expression that must match a text as a whole, as all of Alertmanager's do.

    Raises:
        ValueError: It is none, or not one that can be matched in linear time.
    """

    __slots__ = ("_end", "_moves", "_start", "_states", "_steps", "pattern")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._steps: list[_Step] = [_Fork(())]  # the first place is the end
        self._start = self._add(parse(pattern), 0)
        self._forget()

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(text)

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        state = self._begin()
        for character in text:
            state = state.moves.get(character) or self._move(state, character)
            if not state.places:
                return False
        if state.accepts is None:
            state.accepts = 0 in self._reach(state, None)
        return state.accepts

    def __repr__(self) -> str:
        return f"Regex({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Regex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern)

    def _add(self, node: Node, after: int) -> int:
        """Add what matches a node and then goes on at a place; gives the place at which it begins."""
        match node:
            case Chars(test):
                return self._place(_Take(test, after))
            case Edge(place):
                return self._place(_Check(place, after))
            case Sequence(nodes):
                for part in reversed(nodes):
                    after = self._add(part, after)
                return after
            case Choice(nodes):
                return self._place(_Fork(tuple(self._add(part, after) for part in nodes)))
            case Repeat(part, least, most):
                return self._add_repeat(part, least, most, after)

    def _add_repeat(self, node: Node, least: int, most: int | None, after: int) -> int:
        if most is None:
            loop = self._place(_Fork(()))
            self._steps[loop] = _Fork((self._add(node, loop), after))
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._place(_Fork((self._add(node, after), end)))
        for _ in range(least):
            after = self._add(node, after)
        return after

    def _place(self, step: _Step) -> int:
        if len(self._steps) >= MAX_PLACES:
            raise ValueError("the expression is too large: its repetitions multiply")
        self._steps.append(step)
        return len(self._steps) - 1

    def _begin(self) -> _State:
        return self._state(frozenset({self._start}), None)

    def _state(self, places: frozenset[int], before: str | None) -> _State:
        """The state of being at these places after a character; None is the beginning."""
        kind = Place.kind(before)
        state = self._states.get((places, kind))
        if state is None:
            state = self._states[places, kind] = _State(places, before)
        return state

    def _move(self, state: _State, character: str) -> _State:
        """Take one character further, and remember where that leads."""
        if self._moves >= MAX_REMEMBERED_MOVES:
            self._forget()
        steps = (self._steps[place] for place in self._reach(state, character))
        places = frozenset(step.after for step in steps if isinstance(step, _Take) and step.test(character))
        following = self._state(places, character)
        state.moves[character] = following
        self._moves += 1
        return following

    def _reach(self, state: _State, following: str | None) -> set[int]:
        """All places that can be reached without taking a character; None as the next one is the end."""
        waiting, reached = list(state.places), set(state.places)
        while waiting:
            step = self._steps[waiting.pop()]
            ways: tuple[int, ...] = ()
            if isinstance(step, _Fork):
                ways = step.ways
            elif isinstance(step, _Check) and step.place.holds(state.before, following):
                ways = (step.after,)
            new = set(ways) - reached
            reached |= new
            waiting += new
        return reached

    def _forget(self) -> None:
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._moves = 0


class _State:
    """The places in an expression that some text leads to, and where each next character leads from there."""

    __slots__ = ("accepts", "before", "moves", "places")

    def __init__(self, places: frozenset[int], before: str | None) -> None:
        self.places = places
        self.before = before
        self.moves: dict[str, _State] = {}
        self.accepts: bool | None = None
