"""What an alert means, how it is set at this hub, and what to do: as the pages that alerts link to, and as data."""

from __future__ import annotations

import re
from enum import StrEnum
from html import escape

import msgspec

from farwatch.hub.detect import DETECTORS, RUNBOOK_PATH, RUNBOOKS, Detector, DetectSettings
from farwatch.hub.detect.reading import show_span
from farwatch.hub.watchdog import OWN_ALERTS, OwnAlert

_MARKED = re.compile(
    r"`(?P<code>[^`]+)`|(?P<strong>What to do:)|\b(?P<runbook>" + "|".join([*DETECTORS, *OWN_ALERTS]) + r")\b"
)

_HINT = "As this hub is set; some namespaces or labels may be set differently."

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


class PieceKind(StrEnum):
    """What a piece of text is: words, `code`, words to be seen first, or the name of another runbook."""

    PLAIN = "plain"
    CODE = "code"
    STRONG = "strong"
    RUNBOOK = "runbook"


class Piece(msgspec.Struct, frozen=True):
    """A piece of a paragraph."""

    text: str
    kind: PieceKind = PieceKind.PLAIN


class Fact(msgspec.Struct, frozen=True):
    """How something of an alert is set at this hub."""

    name: str
    value: str


class Runbook(msgspec.Struct, frozen=True, kw_only=True):
    """What an alert means, how it is set, and what to do about it.

    `url` is its page at this hub, as alerts link to it; `hint` says how far the facts hold.
    """

    name: str
    url: str
    meaning: str
    facts: list[Fact]
    paragraphs: list[list[Piece]]
    hint: str


class RunbookPages:
    """Every runbook, written once: they change only with the hub's settings, which are read at its start.

    Args:
        settings: How detectors are set.
        external_url: Where people reach the hub.
    """

    def __init__(self, settings: DetectSettings, external_url: str = "") -> None:
        told = [_tell(detector, settings, external_url) for detector in DETECTORS.values()]
        told += [_tell_own(name, own, external_url) for name, own in OWN_ALERTS.items()]
        self._runbooks = {runbook.name: runbook for runbook in told}
        self._pages = {runbook.name: _write_page(runbook).encode() for runbook in told}
        self.index = _write_index().encode()

    def get(self, alertname: str) -> bytes | None:
        """The page of an alert; None when no detector has this name."""
        return self._pages.get(alertname)

    def tell(self, alertname: str) -> Runbook | None:
        """The same as data."""
        return self._runbooks.get(alertname)


def _tell(detector: Detector, settings: DetectSettings, external_url: str) -> Runbook:
    rules = settings.default_rules(detector.name)
    facts = [
        Fact("Severity", rules.severity),
        *_spans(detector.hold if rules.hold is None else rules.hold, rules.calm),
        *(Fact(f"Limit {name}", _show_limit(name, value)) for name, value in rules.limits.items()),
    ]
    if not rules.enabled:
        facts.append(Fact("Turned off", "by the settings of this hub"))
    return Runbook(
        name=detector.name,
        url=_url(external_url, detector.name),
        meaning=detector.meaning,
        facts=facts,
        paragraphs=[_read(paragraph) for paragraph in RUNBOOKS[detector.name]],
        hint=_HINT,
    )


def _tell_own(name: str, own: OwnAlert, external_url: str) -> Runbook:
    return Runbook(
        name=name,
        url=_url(external_url, name),
        meaning=own.meaning,
        facts=[Fact("Severity", own.severity), *_spans(own.hold, own.calm)],
        paragraphs=[_read(f"What to do: {own.advice}")],
        hint="",
    )


def _spans(hold: float, calm: float) -> list[Fact]:
    return [
        Fact("Hold", f"{show_span(hold)} of trouble before it is raised"),
        Fact("Calm", f"{show_span(calm)} without trouble before it is resolved"),
    ]


def _url(external_url: str, name: str) -> str:
    return (external_url + RUNBOOK_PATH).replace("{alertname}", name)


def _read(text: str) -> list[Piece]:
    pieces: list[Piece] = []
    end = 0
    for found in _MARKED.finditer(text):
        pieces.append(Piece(text[end : found.start()]))
        kind = found.lastgroup or ""
        pieces.append(Piece(found[kind], PieceKind(kind)))
        end = found.end()
    pieces.append(Piece(text[end:]))
    return [piece for piece in pieces if piece.text]


def _write_page(runbook: Runbook) -> str:
    content = [
        f'    <p class="lead">{escape(runbook.meaning)}</p>',
        '    <dl class="facts">',
        *(f"      <dt>{escape(fact.name)}</dt><dd>{escape(fact.value)}</dd>" for fact in runbook.facts),
        "    </dl>",
        *(f"    <p>{''.join(map(_write_piece, paragraph))}</p>" for paragraph in runbook.paragraphs),
        *([f'    <p class="hint">{escape(runbook.hint)}</p>'] if runbook.hint else []),
    ]
    return _PAGE.format(title=runbook.name, content="\n".join(content))


def _write_piece(piece: Piece) -> str:
    text = escape(piece.text, quote=False)
    match piece.kind:
        case PieceKind.CODE:
            return f"<code>{text}</code>"
        case PieceKind.STRONG:
            return f"<strong>{text}</strong>"
        case PieceKind.RUNBOOK:
            return f'<a href="/runbooks/{text}">{text}</a>'
    return text


def _write_index() -> str:
    meanings = {name: detector.meaning for name, detector in DETECTORS.items()}
    meanings |= {name: own.meaning for name, own in OWN_ALERTS.items()}
    rows = (
        f'      <dt><a href="/runbooks/{name}">{name}</a></dt><dd>{escape(meaning)}</dd>'
        for name, meaning in meanings.items()
    )
    return _PAGE.format(title="Runbooks", content="\n".join(['    <dl class="index">', *rows, "    </dl>"]))


def _show_limit(name: str, value: float) -> str:
    """Times as spans; the limits that are no times are known by their names."""
    return f"{value:g}" if name in {"ratio", "restarts", "transitions"} else show_span(value)
