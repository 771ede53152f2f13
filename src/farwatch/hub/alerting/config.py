"""The configuration, in the format of Alertmanager's file.

What is not supported is refused by name, never ignored: a configuration that loads is one that is obeyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from farwatch.hub.alerting.document import Fault, Problem, Section, mask, parse_document, read_text
from farwatch.hub.alerting.errors import AlertingError
from farwatch.hub.alerting.inhibit import InhibitRuleConfig
from farwatch.hub.alerting.intervals import NamedInterval
from farwatch.hub.alerting.receivers import GlobalConfig, ReceiverConfig
from farwatch.hub.alerting.receivers.jira import JiraText
from farwatch.hub.alerting.receivers.words import TemplateTree
from farwatch.hub.alerting.routing import RouteConfig
from farwatch.hub.alerting.secrets import Secret
from farwatch.hub.alerting.templates import Template, TemplateFilesError, TemplateLibrary

_FILE_LISTS = frozenset({"templates", "files"})
"""Keys that hold names of files, beside those that end in ``_file``."""


class ConfigError(AlertingError):
    """The configuration cannot be used; the message has one line per problem."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    later: ClassVar = frozenset({"event_recorder", "tracing"})

    global_: GlobalConfig = msgspec.field(name="global", default_factory=GlobalConfig)
    route: RouteConfig
    receivers: list[ReceiverConfig]
    templates: list[str] = msgspec.field(default_factory=list)
    inhibit_rules: list[InhibitRuleConfig] = msgspec.field(default_factory=list)
    time_intervals: list[NamedInterval] = msgspec.field(default_factory=list)
    mute_time_intervals: list[NamedInterval] = msgspec.field(default_factory=list)

    @property
    def intervals(self) -> list[NamedInterval]:
        """All time intervals; the older key for them means the same."""
        return [*self.mute_time_intervals, *self.time_intervals]

    def faults(self) -> Iterator[Fault]:
        """Receivers are named once, are known where they are used, and know their addresses."""
        for index, receiver in enumerate(self.receivers):
            if not receiver.name:
                yield Fault(("receivers", index, "name"), "`name` is empty: routes name receivers by it")
            if receiver.name in {earlier.name for earlier in self.receivers[:index]}:
                yield Fault(("receivers", index, "name"), f'receiver "{receiver.name}" is there already')
            for fault in receiver.shortcomings(self.global_):
                yield Fault(("receivers", index, *fault.path), fault.message)
        for fault in self.route.root_faults():
            yield Fault(("route", *fault.path), fault.message)
        yield from self._interval_faults()
        yield from self._route_faults()

    def _interval_faults(self) -> Iterator[Fault]:
        """Names of time intervals stand once, in whichever of the two keys."""
        names: set[str] = set()
        for key in ("mute_time_intervals", "time_intervals"):
            for index, interval in enumerate(getattr(self, key)):
                if interval.name in names:
                    yield Fault((key, index, "name"), f'time interval "{interval.name}" is there already')
                names.add(interval.name)

    def _route_faults(self) -> Iterator[Fault]:
        """What routes name must be there."""
        receivers = [receiver.name for receiver in self.receivers]
        intervals = [interval.name for interval in self.intervals]
        for path, route in self.route.walk(("route",)):
            if route.receiver and route.receiver not in receivers:
                yield Fault(
                    (*path, "receiver"),
                    f'receiver "{route.receiver}" is not defined; there are {_quoted(receivers)}',
                )
            for key in ("mute_time_intervals", "active_time_intervals"):
                for index, name in enumerate(getattr(route, key)):
                    if name not in intervals:
                        there = f"there are {_quoted(intervals)}" if intervals else "there are none"
                        yield Fault(
                            (*path, key, index),
                            f'time interval "{name}" is not defined in `time_intervals`; {there}',
                        )


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration, and where it is from.

    Attributes:
        config: The configuration.
        text: It in YAML, without its secrets and comments.
        source: It as it was written, with both.
        directory: Where relative names of files begin.
        path: The file; None where there is none.
    """

    config: Config
    text: str
    source: Secret
    directory: Path = Path()
    path: Path | None = None


def load(path: Path) -> Config:
    """What a file holds.

    Raises:
        ConfigError: There is something wrong with it.
    """
    return read(path).config


def read(path: Path) -> ConfigFile:
    """Read a file. Relative names of files in it are taken from the file's own directory.

    Raises:
        ConfigError: There is something wrong with it.
    """
    text, problems = read_text(path)
    if text is None:
        raise ConfigError(problems)
    found = parse(text, str(path), path.absolute().parent)
    return msgspec.structs.replace(found, path=path)


def parse(text: str, name: str, directory: Path) -> ConfigFile:
    """What a text says.

    Args:
        text: In YAML.
        name: What to call it in problems.
        directory: Where relative names of files in it begin.

    Raises:
        ConfigError: There is something wrong with it.
    """
    config, problems = parse_document(text, name, Config)
    if config is None:
        raise ConfigError(problems)
    resolved: Config = _with_paths(config, directory)
    problems = [Problem(name, 0, 0, fault) for fault in _template_faults(resolved)]
    if problems:
        raise ConfigError(problems)
    return ConfigFile(
        config=resolved, text=mask(text, Config, Secret), source=Secret(text), directory=directory
    )


def check(path: Path) -> list[Problem]:
    """All that is wrong with a file, in the file's order."""
    try:
        read(path)
    except ConfigError as error:
        return error.problems
    return []


def _template_faults(config: Config) -> Iterator[str]:
    """What is wrong with the files of templates, or with what calls templates."""
    try:
        library = TemplateLibrary.load(config.templates)
    except TemplateFilesError as error:
        yield from str(error).splitlines()
        return
    for receiver in config.receivers:
        for place, template in _templates(receiver, f'receiver "{receiver.name}"'):
            for name in library.missing(template):
                yield f'{place}: template "{name}" is not defined: write it into a file of `templates`'


def _templates(value: Any, place: str) -> Iterator[tuple[str, Template]]:
    """Every template within a section, and where it is."""
    if isinstance(value, Template):
        yield place, value
    elif isinstance(value, (JiraText, TemplateTree)):
        for template in value.templates:
            yield place, template
    elif isinstance(value, Section):
        for name in value.__struct_fields__:
            yield from _templates(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _templates(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _templates(item, f"{place}.{name}")


def files_of(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every file that a section names, as a path or a pattern, and where it does so."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from files_of(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from files_of(item, f"{place}.{name}")
    elif isinstance(value, Section):
        for name in value.__struct_fields__:
            found = getattr(value, name)
            where = f"{place}.{name.rstrip('_')}".lstrip(".")
            if name.endswith("_file") and found is not None:
                yield where, found
            elif name in _FILE_LISTS:
                yield from ((where, item) for item in found)
            else:
                yield from files_of(found, where)


def _with_paths(value: Any, directory: Path) -> Any:
    """The same section, with every ``*_file`` in it made absolute."""
    if isinstance(value, list):
        return [_with_paths(item, directory) for item in value]
    if isinstance(value, dict):
        return {name: _with_paths(item, directory) for name, item in value.items()}
    if not isinstance(value, Section):
        return value
    changes: dict[str, Any] = {}
    for name in value.__struct_fields__:
        field = getattr(value, name)
        is_path = name.endswith("_file") and field is not None
        if name in _FILE_LISTS:
            changes[name] = [str(directory / pattern) for pattern in field]
            continue
        changes[name] = str(directory / field) if is_path else _with_paths(field, directory)
    return msgspec.structs.replace(value, **changes)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _without_a_file() -> ConfigFile:
    text = "route:\n  receiver: nobody\n  group_by: [alertname, cluster, namespace]\nreceivers:\n- name: nobody\n"
    config, problems = parse_document(text, "the default", Config)
    if config is None:
        raise ConfigError(problems)
    return ConfigFile(config=config, text=text, source=Secret(text))


DEFAULT_FILE = _without_a_file()
DEFAULT = DEFAULT_FILE.config
"""What holds without a file: alerts are kept and shown, and nobody is notified."""
