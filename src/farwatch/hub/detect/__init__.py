"""Code that looks at changes and state, and raises alerts."""

from farwatch.hub.detect.cases import Phase
from farwatch.hub.detect.engine import Engine
from farwatch.hub.detect.registry import DETECTORS, Detector
from farwatch.hub.detect.runbooks import RUNBOOKS
from farwatch.hub.detect.settings import (
    RUNBOOK_PATH,
    DetectSection,
    DetectSettings,
    DetectSettingsError,
    Rules,
)

__all__ = [
    "DETECTORS",
    "RUNBOOKS",
    "RUNBOOK_PATH",
    "DetectSection",
    "DetectSettings",
    "DetectSettingsError",
    "Detector",
    "Engine",
    "Phase",
    "Rules",
]
