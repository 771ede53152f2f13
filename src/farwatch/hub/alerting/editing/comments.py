"""Comments of a YAML text, where people leave what was valid once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import yaml

from farwatch.hub.alerting.editing.nodes import MASK

SHORTEST_SECRET = 4
"""A secret that is shorter is not looked for in comments: it would be found in words."""


class CommentMask:
    """Takes secrets out of comments.

    Args:
        keys: The keys that name secrets: what stands behind one in a comment was a secret once.
        values: The secrets of the text.
    """

    def __init__(self, keys: Iterable[str], values: Iterable[str]) -> None:
        names = "|".join(sorted(map(re.escape, keys), key=len, reverse=True))
        self._setting = re.compile(
            rf"""((?:^|[\s{{,\-#"'])(?:{names})["']?\s*:[ \t]*)(?!<secret>)(\S[^\n]*)"""
        )
        self._values = sorted(
            {value for value in values if len(value) >= SHORTEST_SECRET}, key=len, reverse=True
        )

    def mask(self, comment: str) -> str:
        """A comment without its secrets."""
        for value in self._values:
            comment = comment.replace(value, MASK)
        return self._setting.sub(rf"\g<1>{MASK}", comment)


def edit_comments(text: str, edit: Callable[[str], str]) -> str:
    """A text with each of its comments, from its ``#`` to the end of the line, edited."""
    parts: list[str] = []
    done = 0
    for start, end in find_comments(text):
        parts += (text[done:start], edit(text[start:end]))
        done = end
    return "".join([*parts, text[done:]])


def find_comments(text: str) -> Iterator[tuple[int, int]]:
    """Where the comments of a text are: what stands behind a ``#`` between two tokens.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    done = 0
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        yield from _comments_between(text, done, token.start_mark.index)
        done = max(done, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            # The header of a block may have a comment, which is within the token.
            header = text.find("\n", token.start_mark.index, token.end_mark.index)
            yield from _comments_between(text, token.start_mark.index, max(header, token.start_mark.index))
    yield from _comments_between(text, done, len(text))


def _comments_between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while (begin := text.find("#", start, end)) >= 0:
        line = text.find("\n", begin, end)
        start = end if line < 0 else line
        yield begin, start
