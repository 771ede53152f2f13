"""Go templates as Alertmanager's users write them, in the configuration and in files beside it."""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import gotpl

from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.templates.data import template_data
from farwatch.hub.alerting.templates.default import DEFAULT_TEMPLATE
from farwatch.hub.alerting.templates.functions import functions

_CALLED = re.compile(r'\btemplate\s+"([^"]+)"')
_DEFINED = re.compile(r'\b(?:define|block)\s+"([^"]+)"')
_OWN = "this template"

# A template that runs away must not take the hub with it.
_BUDGET = gotpl.ExecutionBudget(max_output_chars=10_000_000, max_iterations=200_000, max_template_depth=50)


class TemplateFailedError(AlertingError):
    """A template cannot be rendered with this message's data."""


class TemplateFilesError(AlertingError):
    """The files of templates cannot be used; the message has one line per fault."""


class Template:
    """A text with actions in ``{{ }}``.

    Raises:
        ValueError: It is not a template, or calls a function that there is not.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            _environment(time.time).from_string(source, name=_OWN)
        except gotpl.TemplateSyntaxError as error:
            raise ValueError(f"{error}; functions are {', '.join(sorted(_NAMES))} and Go's own") from error

    @classmethod
    def parse(cls, text: str) -> Self:
        """From its text."""
        return cls(text)

    @property
    def called(self) -> set[str]:
        """The named templates that it calls and does not define."""
        return set(_CALLED.findall(self.source)) - set(_DEFINED.findall(self.source))

    def __repr__(self) -> str:
        return f"Template({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)


class TemplateLibrary:
    """The named templates that others may call: those of ``default``, and the users' own.

    Args:
        files: The users' files by name; a later one's definition takes the place of an earlier one's, and of a default.
        now: Gives seconds since the epoch.

    Attributes:
        names: Every template that a name calls.
        users_names: Those of them that the users' files define.

    Raises:
        TemplateFilesError: A file is not a template.
    """

    def __init__(self, files: Mapping[str, str] | None = None, now: Callable[[], float] = time.time) -> None:
        sources = {"default.tmpl": DEFAULT_TEMPLATE, **(files or {})}
        environment = _environment(now)
        faults = list(_faults(environment, files or {}))
        if faults:
            raise TemplateFilesError("\n".join(faults))
        self.names = {name for source in sources.values() for name in _DEFINED.findall(source)}
        self.users_names = {name for source in (files or {}).values() for name in _DEFINED.findall(source)}
        self._sources: dict[bool, Any] = {
            False: environment.from_sources(sources),
            True: environment.from_html_sources(sources),
        }
        self._compiled = lru_cache(maxsize=512)(self._compile)

    @classmethod
    def load(cls, patterns: Iterable[str], now: Callable[[], float] = time.time) -> Self:
        """From the files that patterns name, in their order; a pattern that names none is none.

        Raises:
            TemplateFilesError: A file cannot be read, or is not a template.
        """
        files = {}
        for pattern in patterns:
            for name in sorted(glob.glob(pattern)):  # noqa: PTH207 - the pattern may be absolute
                try:
                    files[name] = Path(name).read_text(encoding="utf-8")
                except OSError as error:
                    raise TemplateFilesError(f"{name}: cannot be read: {error.strerror}") from error
                except UnicodeDecodeError as error:
                    raise TemplateFilesError(f"{name}: is not UTF-8: byte {error.start} is wrong") from error
        return cls(files, now) if files else cls._without_files(now)

    @classmethod
    @lru_cache(maxsize=1)
    def _without_files(cls, now: Callable[[], float]) -> Self:
        # Most configurations have none, and each is loaded twice, by the event loop: parsing takes 50 ms.
        return cls(now=now)

    def missing(self, template: Template) -> list[str]:
        """The named templates that one calls and nobody defines."""
        return sorted(template.called - self.names)

    def render(self, template: Template, message: Message, *, html: bool = False) -> str:
        """The text for a message; as HTML, what comes from the message is escaped for its place.

        Raises:
            TemplateFailedError: It asks for what the message does not have.
        """
        try:
            return str(self._compiled(template.source, html).render_template(_OWN, template_data(message)))
        except gotpl.TemplateError as error:
            raise TemplateFailedError(str(error)) from error

    def _compile(self, source: str, html: bool) -> Any:  # noqa: FBT001 - a key of the cache
        return self._sources[html].with_source(source, name=_OWN)


def _environment(now: Callable[[], float]) -> gotpl.Environment:
    return gotpl.Environment(functions=functions(now), missing_key="error", budget=_BUDGET)


def _faults(environment: gotpl.Environment, files: Mapping[str, str]) -> Iterable[str]:
    for name, source in files.items():
        try:
            environment.from_string(source, name=name)
        except gotpl.TemplateSyntaxError as error:
            yield f"{name}:{str(error).removeprefix('template:')}"


_NAMES = frozenset(functions(time.time))


def calling(name: str) -> Template:
    """The template that calls a named one: what fields hold that the configuration leaves out."""
    return Template(f'{{{{ template "{name}" . }}}}')
