"""What a file of alerting's configuration holds, or what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from farwatch.cli.views.printing import counted, print_json, print_text
from farwatch.hub.alerting.config import ConfigError, load
from farwatch.hub.alerting.summary import ConfigSummary, ReceiverSummary, summarize
from farwatch.terminal import plain


def check_file(path: Path, *, as_json: bool) -> bool:
    """Print all that is wrong with a file, or what it holds; whether nothing is wrong."""
    try:
        summary = summarize(load(path))
    except ConfigError as error:
        if as_json:
            problems = [problem._asdict() for problem in error.problems]
            print_json({"file": str(path), "problems": problems, "summary": None})
        else:
            for problem in error.problems:
                print_text(plain(str(problem)).plain)
            print_text(f"\n{counted(len(error.problems), 'problem')} in {path}")
        return False
    if as_json:
        print_json({"file": str(path), "problems": [], "summary": summary})
    else:
        print_text(plain(f"{path} can be used.").plain)
        print_text("\n".join(_lines(summary)))
    return True


def _lines(summary: ConfigSummary) -> list[str]:
    lines = [
        "",
        f"  {counted(summary.routes, 'route')}",
        f"  {counted(len(summary.receivers), 'receiver')}",
        *(f"    {_describe_receiver(receiver, summary)}" for receiver in summary.receivers),
    ]
    patterns = ", ".join(summary.templates)
    lines.append(f"  files of templates: {patterns or 'none'}")
    return [plain(line).plain for line in lines]


def _describe_receiver(receiver: ReceiverSummary, summary: ConfigSummary) -> str:
    ways = ", ".join(
        kind if count == 1 else f"{count} x {kind}" for kind, count in receiver.integrations.items()
    )
    unused = "; no route names it" if receiver.name in summary.unused_receivers else ""
    return f"{receiver.name}: {ways or 'tells nobody'}{unused}"
