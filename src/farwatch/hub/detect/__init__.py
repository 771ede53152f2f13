"""Code that looks at changes and state, and raises alerts."""

from farwatch.hub.detect.cases import Phase
from farwatch.hub.detect.engine import Engine
from farwatch.hub.detect.findings import Subject
from farwatch.hub.detect.owners import Lookup, Workload, workload_of
from farwatch.hub.detect.reading import show_span
from farwatch.hub.detect.registry import DETECTORS, Detector
from farwatch.hub.detect.runbooks import RUNBOOKS
from farwatch.hub.detect.settings import (
    RUNBOOK_PATH,
    DetectSection,
    DetectSettings,
    DetectSettingsError,
    Rules,
)
from farwatch.hub.detect.wording import read_subject

__all__ = [
    "DETECTORS",
    "RUNBOOKS",
    "RUNBOOK_PATH",
    "DetectSection",
    "DetectSettings",
    "DetectSettingsError",
    "Detector",
    "Engine",
    "Lookup",
    "Phase",
    "Rules",
    "Subject",
    "Workload",
    "read_subject",
    "show_span",
    "workload_of",
]
