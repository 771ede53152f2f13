"""The pages that alerts link to: what an alert means, how it is set at this hub, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

from farwatch.hub.detect import DETECTORS, RUNBOOKS, Detector, DetectSettings
from farwatch.hub.detect.reading import show_span
from farwatch.hub.watchdog import OWN_ALERTS, OwnAlert

_CODE = re.compile(r"`([^`]+)`")
_NAME = re.compile(r"\b(" + "|".join([*DETECTORS, *OWN_ALERTS]) + r")\b")

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>{title} · Farwatch</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/console/plain.css">
</head>
<body>
  <header><a class="home" href="/">Farwatch</a><nav><a href="/runbooks">Runbooks</a></nav></header>
  <main class="prose">
    <h1>{title}</h1>
{content}
  </main>
</body>
</html>
"""


class RunbookPages:
    """Every runbook as a page, written once: they change only with the hub's settings, which are read at its start."""

    def __init__(self, settings: DetectSettings) -> None:
        self._pages = {
            name: _write_runbook(detector, settings).encode() for name, detector in DETECTORS.items()
        } | {name: _write_own_runbook(name, own).encode() for name, own in OWN_ALERTS.items()}
        self.index = _write_index().encode()

    def get(self, alertname: str) -> bytes | None:
        """The page of an alert; None when no detector has this name."""
        return self._pages.get(alertname)


def _write_runbook(detector: Detector, settings: DetectSettings) -> str:
    rules = settings.default_rules(detector.name)
    facts = {
        "Severity": rules.severity,
        "Hold": f"{show_span(detector.hold if rules.hold is None else rules.hold)} of trouble before it is raised",
        "Calm": f"{show_span(rules.calm)} without trouble before it is resolved",
        **{f"Limit {name}": _show_limit(name, value) for name, value in rules.limits.items()},
    }
    if not rules.enabled:
        facts["Turned off"] = "by the settings of this hub"
    hint = '    <p class="hint">As this hub is set; some namespaces or labels may be set differently.</p>'
    return _write_page(detector.name, detector.meaning, facts, RUNBOOKS[detector.name], hint)


def _write_own_runbook(name: str, own: OwnAlert) -> str:
    facts = {
        "Severity": own.severity,
        "Hold": f"{show_span(own.hold)} of trouble before it is raised",
        "Calm": f"{show_span(own.calm)} without trouble before it is resolved",
    }
    return _write_page(name, own.meaning, facts, [f"What to do: {own.advice}"])


def _write_page(
    title: str, meaning: str, facts: Mapping[str, str], paragraphs: Iterable[str], hint: str = ""
) -> str:
    content = [
        f'    <p class="lead">{escape(meaning)}</p>',
        '    <dl class="facts">',
        *(f"      <dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()),
        "    </dl>",
        *(f"    <p>{_write_paragraph(paragraph)}</p>" for paragraph in paragraphs),
        *([hint] if hint else []),
    ]
    return _PAGE.format(title=title, content="\n".join(content))


def _write_index() -> str:
    meanings = {name: detector.meaning for name, detector in DETECTORS.items()}
    meanings |= {name: own.meaning for name, own in OWN_ALERTS.items()}
    rows = (
        f'      <dt><a href="/runbooks/{name}">{name}</a></dt><dd>{escape(meaning)}</dd>'
        for name, meaning in meanings.items()
    )
    return _PAGE.format(title="Runbooks", content="\n".join(['    <dl class="index">', *rows, "    </dl>"]))


def _write_paragraph(text: str) -> str:
    linked = _NAME.sub(
        r'<a href="/runbooks/\1">\1</a>', _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
    )
    return linked.replace("What to do:", "<strong>What to do:</strong>", 1)


def _show_limit(name: str, value: float) -> str:
    """Times as spans; the limits that are no times are known by their names."""
    return f"{value:g}" if name in {"ratio", "restarts", "transitions"} else show_span(value)
