"""Code that looks at changes and state, and raises alerts."""

from farwatch.hub.detect.engine import Engine
from farwatch.hub.detect.registry import DETECTORS, Detector
from farwatch.hub.detect.settings import DetectSection, DetectSettings, DetectSettingsError

__all__ = ["DETECTORS", "DetectSection", "DetectSettings", "DetectSettingsError", "Detector", "Engine"]
