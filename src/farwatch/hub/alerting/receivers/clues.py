"""How evidence is shown in a message, in the mark-up of its service."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from farwatch.hub.alerting.alerts import Alert
from farwatch.hub.alerting.evidence import LOGS, MISSING, Digest
from farwatch.hub.alerting.message import Message
from farwatch.hub.alerting.receivers.words import cut

ALERTS_SHOWN = 3
"""Evidence of more of them is a wall of text; the hub shows all of it."""

_BLOCK_END = "\n```"
_PLACES = ("namespace", "workload", "pod", "node")
_HEADING = "margin:12px 0 4px;font-weight:bold"
_LINES = (
    "margin:0;padding:8px;background:#f4f5f7;font:12px/1.5 Menlo,Consolas,monospace;white-space:pre-wrap;"
    "overflow-wrap:anywhere"
)
_LIST = "margin:0;padding-left:20px;overflow-wrap:anywhere"
_PALE = "color:#6b7280"


def clues(message: Message) -> list[tuple[str, Digest]]:
    """The evidence of the first of the firing alerts that have some, each under the alert's place; alone, under none."""
    found = [
        (alert, message.evidence[alert.fingerprint])
        for alert in message.firing
        if message.evidence.get(alert.fingerprint)
    ]
    alone = len(message.alerts) == 1
    return [("" if alone else _place(alert), digest) for alert, digest in found[:ALERTS_SHOWN]]


def _place(alert: Alert) -> str:
    return " / ".join(alert.labels[name] for name in _PLACES if alert.labels.get(name)) or alert.fingerprint


def in_mrkdwn(message: Message) -> str:
    """In Slack's mark-up; empty where there is none."""
    return "\n".join(line for place, digest in clues(message) for line in _mrkdwn(place, digest))


def _mrkdwn(place: str, digest: Digest) -> Iterator[str]:
    if place:
        yield f"*{_slack(place)}*"
    for heading, lines in digest.parts:
        if not lines:
            continue
        if heading == LOGS:
            # Three backticks would end the block, and what follows would be mark-up.
            text = _slack("\n".join(lines)).replace("```", "'''")
            yield f"*{heading}*\n```\n{text}\n```"
        elif heading == MISSING:
            yield from (f"_{_slack(line)}_" for line in lines)
        else:
            yield f"*{heading}*"
            yield from (f"• {_slack(line)}" for line in lines)


def cut_blocks(text: str, limit: int) -> str:
    """Slack's mark-up of at most so many characters; a block that is cut off ends."""
    if len(text) <= limit:
        return text
    whole = cut(text, limit - len(_BLOCK_END))
    return whole + _BLOCK_END if whole.count("```") % 2 else whole


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def in_html(message: Message) -> str:
    """As a block of HTML for a mail; empty where there is none."""
    blocks = [line for place, digest in clues(message) for line in _html(place, digest)]
    if not blocks:
        return ""
    inner = "\n".join(blocks)
    return (
        '<div style="max-width:608px;margin:0 auto;padding:4px 16px 16px;background:#fff;'
        f'font:14px/1.5 Helvetica,Arial,sans-serif;color:#1f2329">\n{inner}\n</div>'
    )


def _html(place: str, digest: Digest) -> Iterator[str]:
    if place:
        yield f'<p style="{_HEADING};font-size:16px">{escape(place)}</p>'
    for heading, lines in digest.parts:
        if not lines:
            continue
        if heading == MISSING:
            yield from (f'<p style="{_PALE}">{escape(line)}</p>' for line in lines)
            continue
        yield f'<p style="{_HEADING}">{heading}</p>'
        if heading == LOGS:
            yield f'<pre style="{_LINES}">{escape(chr(10).join(lines))}</pre>'
        else:
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            yield f'<ul style="{_LIST}">{items}</ul>'


def in_text(message: Message) -> str:
    """As plain text; empty where there is none."""
    return "\n\n".join("\n".join(filter(None, (place, digest.text))) for place, digest in clues(message))
