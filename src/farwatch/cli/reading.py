"""What people write on the command line, taken apart."""

from collections.abc import Iterable, Mapping
from typing import Any

import typer


def read_labels(words: Iterable[str]) -> dict[str, str]:
    """Labels of the form ``name=value``.

    Raises:
        BadParameter: A word is of another form.
    """
    labels = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not (name and equals and value):
            raise typer.BadParameter(f"{word[:80]!r} is not of the form name=value, such as env=prod")
        labels[name] = value
    return labels


def read_label_changes(words: Iterable[str]) -> dict[str, str | None]:
    """Labels to set, ``name=value``, and to take away, ``name-``.

    Raises:
        BadParameter: A word is of neither form.
    """
    changes: dict[str, str | None] = {}
    for word in words:
        if "=" not in word and len(word) > 1 and word.endswith("-"):
            changes[word[:-1]] = None
        else:
            changes |= read_labels([word])
    return changes


def read_features(words: Iterable[str]) -> dict[str, bool]:
    """Features of the form ``name``, ``name=true`` or ``name=false``.

    Raises:
        BadParameter: A word is of another form.
    """
    features = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or (equals and value not in {"true", "false"}):
            raise typer.BadParameter(f"{word[:80]!r} is not of the form name=true or name=false")
        features[name] = value != "false"
    return features


def read_image(text: str) -> dict[str, str]:
    """An image's ``repository[:tag][@digest]``, by the chart's names."""
    rest, _, digest = text.partition("@")
    folder, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    parts = {"repository": f"{folder}{slash}{name}", "tag": tag, "digest": digest}
    return {part: value for part, value in parts.items() if value}


def without_empty(options: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody chose; what is empty is left to the hub."""
    return {name: value for name, value in options.items() if value}
