"""How detectors are set: on or off, how bad, how patient, how strict; for all, or for some namespaces and labels."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from farwatch.hub.detect.registry import DETECTORS, DETECTORS_BY_KIND, Detector
from farwatch.kube.selectors import Selector, SelectorError

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})
"""Namespaces that Kubernetes itself makes and uses."""

RUNBOOK_PATH = "/runbooks/{alertname}"
"""Where the hub itself serves the runbook of an alert, below its own address."""

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_UNIT_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_Section = TypeVar("_Section")
_SEVERITY = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class DetectSettingsError(ValueError):
    """The settings say something that cannot be done; the message names the place, the fault and the way out."""


@dataclass(frozen=True)
class Rules:
    """What holds for one detector and one object. ``hold`` is None where nobody set it."""

    enabled: bool
    severity: str
    hold: float | None
    calm: float
    limits: Mapping[str, float]


class DetectorSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set of a detector. Times are seconds, or written like ``90s``, ``10m``, ``1h30m``."""

    enabled: bool | None = None
    severity: str | None = None
    hold: float | str | None = None
    calm: float | str | None = None
    limits: dict[str, float | str] = {}


class OverrideSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is set differently for some objects.

    Attributes:
        namespaces: Shell patterns, ``batch-*``; none means all.
        selector: A label selector as ``kubectl -l`` takes it, on the object's own labels.
        detectors: The detectors that are set; none means all.
        set: What is set of them.
    """

    namespaces: tuple[str, ...] = ()
    selector: str = ""
    detectors: tuple[str, ...] = ()
    set: DetectorSection = DetectorSection()


class DetectSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The section ``detect`` of the hub's configuration.

    Attributes:
        system_namespaces: Whether Kubernetes' own namespaces are looked at.
        exclude_namespaces: Shell patterns of namespaces that are left out.
        runbook_url: Where runbooks are; ``{alertname}`` stands for the alert's name, ``{anchor}`` for the same in
            lower case. Empty: at the hub itself.
        detectors: Settings by detector.
        overrides: Settings for some objects; later ones win.
    """

    system_namespaces: bool = True
    exclude_namespaces: tuple[str, ...] = ()
    runbook_url: str = ""
    detectors: dict[str, DetectorSection] = {}
    overrides: tuple[OverrideSection, ...] = ()


@dataclass(frozen=True)
class _Override:
    namespaces: re.Pattern[str] | None
    labels: Selector
    rules: DetectorSection

    def covers(self, namespace: str, labels: Mapping[str, str]) -> bool:
        if self.namespaces is not None and not self.namespaces.fullmatch(namespace):
            return False
        return self.labels.matches(labels)


class DetectSettings:
    """Settings that have been checked, ready to be asked for every object.

    Args:
        section: The section; absent means the defaults.
        default_runbook_url: Where runbooks are when the section does not say.

    Attributes:
        section: As it was written.
        runbook_url: Where runbooks are.

    Raises:
        DetectSettingsError: It names an unknown detector or limit, or holds a bad value.
    """

    def __init__(
        self, section: DetectSection | None = None, *, default_runbook_url: str = RUNBOOK_PATH
    ) -> None:
        section = self.section = section or DetectSection()
        self.runbook_url = section.runbook_url or default_runbook_url
        excluded = (*section.exclude_namespaces, *(() if section.system_namespaces else SYSTEM_NAMESPACES))
        self._excluded = _parse_patterns(excluded)
        self._excludes: dict[str, bool] = {}
        self._rules = {name: _default_rules(detector) for name, detector in DETECTORS.items()}
        for name, changes in section.detectors.items():
            detector = _find_detector(name, f"detect.detectors.{name}")
            self._rules[name] = _apply(self._rules[name], detector, changes, f"detect.detectors.{name}")
        self._overrides: dict[str, list[_Override]] = {name: [] for name in DETECTORS}
        for index, override in enumerate(section.overrides):
            self._add_override(override, f"detect.overrides[{index}]")
        self._merged: dict[tuple[str, tuple[int, ...]], Rules] = {}
        self._by_kind = {
            kind: tuple((detector, self._rules[detector.name]) for detector in detectors)
            for kind, detectors in DETECTORS_BY_KIND.items()
        }
        self._kinds_overridden = {DETECTORS[name].kind for name, found in self._overrides.items() if found}

    @classmethod
    def parse(cls, section: object, *, default_runbook_url: str = RUNBOOK_PATH) -> DetectSettings:
        """Settings from the section as YAML or JSON has it.

        Raises:
            DetectSettingsError: An unknown key or a bad value, named with its place.
        """
        if isinstance(section, dict):
            # msgspec does not say which entry of a map or list is at fault, so each is read by itself first.
            detectors, overrides = section.get("detectors"), section.get("overrides")
            for name, found in detectors.items() if isinstance(detectors, dict) else ():
                _convert(found, DetectorSection, f"detect.detectors.{name}")
            for index, found in enumerate(overrides if isinstance(overrides, list) else ()):
                _convert(found, OverrideSection, f"detect.overrides[{index}]")
        converted = _convert({} if section is None else section, DetectSection, "detect")
        return cls(converted, default_runbook_url=default_runbook_url)

    @classmethod
    def load(cls, path: Path, *, default_runbook_url: str = RUNBOOK_PATH) -> DetectSettings:
        """Settings from the section ``detect`` of a YAML file.

        Raises:
            DetectSettingsError: The file cannot be read, is no YAML or holds another section, or the section has a fault.
        """
        try:
            content = msgspec.yaml.decode(path.read_bytes())
        except OSError as error:
            raise DetectSettingsError(f"{path}: cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise DetectSettingsError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
        sections = {} if content is None else content
        if not isinstance(sections, dict):
            raise DetectSettingsError(f"{path}: a section named detect is expected")
        strange = sorted(str(name) for name in sections if name != "detect")
        if strange:
            raise DetectSettingsError(
                f"{path}: {strange[0][:50]!r} is no section; the settings of detectors stand in the section detect"
            )
        return cls.parse(sections.get("detect"), default_runbook_url=default_runbook_url)

    def excludes(self, namespace: str) -> bool:
        """Whether a namespace is left out."""
        if self._excluded is None or not namespace:
            return False
        known = self._excludes.get(namespace)
        if known is None:
            known = self._excludes[namespace] = self._excluded.fullmatch(namespace) is not None
        return known

    def rules(
        self, kind: str, namespace: str, labels: Mapping[str, str] | None
    ) -> tuple[tuple[Detector, Rules], ...]:
        """The detectors for an object of a kind, each with what holds for this object."""
        rules = self._by_kind.get(kind, ())
        if kind not in self._kinds_overridden:
            return rules
        return tuple(
            (detector, self._override(detector, base, namespace, labels or {})) for detector, base in rules
        )

    def default_rules(self, name: str) -> Rules:
        """What holds for a detector where nothing is overridden."""
        return self._rules[name]

    def _override(self, detector: Detector, rules: Rules, namespace: str, labels: Mapping[str, str]) -> Rules:
        covering = tuple(
            index
            for index, override in enumerate(self._overrides[detector.name])
            if override.covers(namespace, labels)
        )
        if not covering:
            return rules
        merged = self._merged.get((detector.name, covering))
        if merged is None:
            for index in covering:
                rules = _apply(rules, detector, self._overrides[detector.name][index].rules, "")
            merged = self._merged[detector.name, covering] = rules
        return merged

    def _add_override(self, section: OverrideSection, place: str) -> None:
        try:
            labels = Selector.parse(section.selector)
        except SelectorError as error:
            raise DetectSettingsError(f"{place}.selector: {error}") from error
        override = _Override(_parse_patterns(section.namespaces), labels, section.set)
        for name in section.detectors or DETECTORS:
            detector = _find_detector(name, f"{place}.detectors")
            if section.detectors or not section.set.limits:
                _apply(self._rules[name], detector, section.set, f"{place}.set")
            else:
                raise DetectSettingsError(
                    f"{place}.set.limits: limits differ by detector; name the detectors in {place}.detectors"
                )
            self._overrides[name].append(override)


def parse_duration(value: float | str) -> float:
    """Seconds of ``90``, ``90s``, ``1h30m``.

    Raises:
        ValueError: It is neither, or negative.
    """
    if isinstance(value, str):
        if not _DURATION.fullmatch(value):
            raise ValueError(f"{value!r} is no duration; write seconds, or 90s, 10m, 1h30m")
        return sum(float(count) * _UNIT_SECONDS[unit] for count, unit in _DURATION_PART.findall(value))
    if not 0 <= value < float("inf"):
        raise ValueError(f"{value!r} is no duration; it must be zero or more seconds")
    return float(value)


def _default_rules(detector: Detector) -> Rules:
    return Rules(
        enabled=True,
        severity=detector.severity,
        hold=None,
        calm=detector.calm,
        limits=detector.limits,
    )


def _find_detector(name: str, place: str) -> Detector:
    if name not in DETECTORS:
        raise DetectSettingsError(f"{place}: there is no detector {name!r}; known are {', '.join(DETECTORS)}")
    return DETECTORS[name]


def _apply(rules: Rules, detector: Detector, changes: DetectorSection, place: str) -> Rules:
    if changes.severity is not None and not _SEVERITY.fullmatch(changes.severity):
        raise DetectSettingsError(
            f"{place}.severity: {changes.severity!r} is no severity; write info, warning, critical, or a word of yours "
            "in lower case"
        )
    return replace(
        rules,
        enabled=rules.enabled if changes.enabled is None else changes.enabled,
        severity=changes.severity or rules.severity,
        hold=rules.hold if changes.hold is None else _read_duration(changes.hold, f"{place}.hold"),
        calm=rules.calm if changes.calm is None else _read_duration(changes.calm, f"{place}.calm"),
        limits=_apply_limits(rules.limits, detector, changes.limits, f"{place}.limits"),
    )


def _apply_limits(
    limits: Mapping[str, float], detector: Detector, changes: Mapping[str, float | str], place: str
) -> Mapping[str, float]:
    if not changes:
        return limits
    for name in changes:
        if name not in detector.limits:
            known = ", ".join(detector.limits) or "none"
            raise DetectSettingsError(f"{place}.{name}: {detector.name} has no such limit; it has {known}")
    read = {name: _read_duration(value, f"{place}.{name}") for name, value in changes.items()}
    for name, value in read.items():
        if value == 0 and not name.endswith("grace"):
            raise DetectSettingsError(
                f"{place}.{name}: must be greater than zero; set enabled: false to turn it off"
            )
    return {**limits, **read}


def _read_duration(value: float | str, place: str) -> float:
    try:
        return parse_duration(value)
    except ValueError as error:
        raise DetectSettingsError(f"{place}: {error}") from error


def _parse_patterns(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    if not patterns:
        return None
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


def _convert(found: object, kind: type[_Section], place: str) -> _Section:
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        # msgspec ends its messages with the place, "... - at `$.set.hold`".
        fault, _, within = str(error).partition(" - at ")
        raise DetectSettingsError(f"{place}{within.strip('`').removeprefix('$')}: {fault}") from error
