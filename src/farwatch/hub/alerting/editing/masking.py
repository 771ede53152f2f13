"""Secrets taken out of a text that is shown, and put back into one that was edited."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import yaml

from farwatch.hub.alerting.config import Config
from farwatch.hub.alerting.document import Problem
from farwatch.hub.alerting.editing.comments import CommentMask, edit_comments, find_comments
from farwatch.hub.alerting.editing.matching import Match, match_items
from farwatch.hub.alerting.editing.nodes import (
    MASK,
    Field,
    children,
    compose,
    field,
    items,
    secret_keys,
    secrets,
)

_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""The anchor and the tag before a value: an alias elsewhere may need them."""

_SAFE = re.compile(r"[A-Za-z0-9_./:@%+=?&~-]*[A-Za-z0-9_./@%+=?&~-]")
"""Without quotes, this is the same wherever it stands."""

_KEYS = secret_keys(Config)


def show(text: str) -> str:
    """The text of a configuration that can be read, with ``<secret>`` in the place of each secret; comments stay.

    What was a secret in a comment is masked, too.
    """
    root = compose(text)
    if root is None:
        return text
    found = secrets(root, Config)
    return edit_comments(_replace(text, [(node, MASK) for node in found]), _mask_of(found).mask)


def restore(text: str, base: str, name: str) -> tuple[str, list[Problem]]:
    """An edited text with the secrets of the one that it was made from, or everything that keeps it from having them.

    Args:
        text: What was edited; ``<secret>`` stands for the secret that was at its place.
        base: The text with its secrets.
        name: What to call the text in problems.
    """
    try:
        edited, original = compose(text), compose(base)
    except (yaml.YAMLError, RecursionError):
        return text, []  # who reads it says what is wrong with it
    if edited is None:
        return text, []
    restorer = _Restorer(base, name)
    why = "" if original else "there was no configuration before"
    match = Match(field(original, Config) if original else None, why)
    restorer.pair(field(edited, Config), match, "")
    if restorer.problems:
        return text, sorted(restorer.problems, key=lambda problem: problem[1:3])
    known = secrets(original, Config) if original else []
    return _restore_comments(_replace(text, restorer.replacements), base, _mask_of(known)), []


class _Restorer:
    """Goes through an edited document and its base side by side."""

    def __init__(self, base: str, name: str) -> None:
        self.problems: list[Problem] = []
        self._base = base
        self._name = name
        self._found: dict[int, tuple[yaml.ScalarNode, str]] = {}

    @property
    def replacements(self) -> list[tuple[yaml.ScalarNode, str]]:
        return list(self._found.values())

    def pair(self, edited: Field, match: Match, where: str) -> None:
        if edited.is_secret and edited.node.value == MASK:
            self._take(edited.node, match, where)
            return
        before = children(match.field) if match.field else {}
        for key, child in children(edited).items():
            why = match.why or f"there was no `{key}` here"
            self.pair(child, Match(before.get(key), why), f"{where}.{key}".lstrip("."))
        found = items(edited)
        matches = match_items(found, items(match.field), where) if match.field else [match] * len(found)
        for index, (item, matched) in enumerate(zip(found, matches, strict=True)):
            self.pair(item, matched, f"{where}[{index}]")

    def _take(self, node: yaml.Node, match: Match, where: str) -> None:
        if not isinstance(node, yaml.ScalarNode):
            return
        if match.field is None or not match.field.is_secret:
            why = match.why or "none was set here"
            self._tell(
                node, f"`{where}`: {MASK} stands for no secret that is known: {why}; write the secret itself"
            )
            return
        spelled = _spell(match.field.node, self._base)
        earlier = self._found.get(id(node))
        if earlier is not None and earlier[1] != spelled:
            self._tell(
                node,
                f"`{where}`: {MASK} stands for different secrets, as it is shared by an alias: write it out",
            )
        self._found[id(node)] = (node, spelled)

    def _tell(self, node: yaml.Node, message: str) -> None:
        mark = node.start_mark
        self.problems.append(Problem(self._name, mark.line + 1, mark.column + 1, message))


def _mask_of(found: Iterable[yaml.ScalarNode]) -> CommentMask:
    return CommentMask(_KEYS, (node.value for node in found))


def _replace(text: str, replacements: Iterable[tuple[yaml.ScalarNode, str]]) -> str:
    """A text with other words for some of its values."""
    for node, word in sorted(replacements, key=lambda pair: pair[0].start_mark.index, reverse=True):
        start, end = _span(node, text)
        text = text[:start] + word + text[end:]
    return text


def _span(node: yaml.ScalarNode, text: str) -> tuple[int, int]:
    """Where a value stands, without its anchor and tag, and without the line's end that a block takes in."""
    start, end = node.start_mark.index, node.end_mark.index
    properties = _PROPERTIES.match(text, start, end)
    start = properties.end() if properties else start
    return start, start + len(text[start:end].rstrip())


def _spell(node: yaml.Node, text: str) -> str:
    """A value as it can stand anywhere: as it was written where that will do, in double quotes otherwise."""
    if isinstance(node, yaml.ScalarNode) and node.style in {None, "'", '"'}:
        start, end = _span(node, text)
        written = text[start:end]
        if "\n" not in written and (node.style or _SAFE.fullmatch(written)):
            return written
    return json.dumps(str(node.value), ensure_ascii=False)


def _restore_comments(text: str, base: str, mask: CommentMask) -> str:
    """A text whose masked comments are those of its base again, where it is clear which."""
    originals: dict[str, set[str]] = {}
    for start, end in find_comments(base):
        comment = base[start:end]
        originals.setdefault(mask.mask(comment), set()).add(comment)

    def restore_one(comment: str) -> str:
        found = originals.get(comment, set())
        return next(iter(found)) if MASK in comment and len(found) == 1 else comment

    return edit_comments(text, restore_one)
