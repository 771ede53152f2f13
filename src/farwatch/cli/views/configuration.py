"""What a file of alerting's configuration holds, or what is wrong with it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from farwatch.cli.views import routes
from farwatch.cli.views.printing import counted, print_json, print_text
from farwatch.client import ClientError
from farwatch.hub.alerting.config import Config, ConfigError, load
from farwatch.hub.alerting.explain.forecast import forecast, integrations_of
from farwatch.hub.alerting.explain.tree import tree
from farwatch.hub.alerting.intervals import Intervals
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


async def explain_route(path: Path, labels: dict[str, str], *, as_tree: bool, as_json: bool) -> None:
    """Print where alerts with these labels would go by a file.

    Raises:
        ClientError: The file cannot be used.
    """
    config = _load(path)
    root = config.route.resolved()
    found = forecast(
        root,
        labels,
        integrations=integrations_of(config),
        intervals=Intervals(config.intervals),
        now=time.time(),
    )
    if as_json:
        print_json(tree(root) if as_tree else found)
        return
    routes.show(
        msgspec.convert(msgspec.to_builtins(found), routes.Forecast) if labels or not as_tree else None,
        msgspec.convert(msgspec.to_builtins(tree(root)), routes.RouteNode) if as_tree else None,
    )


def _load(path: Path) -> Config:
    try:
        return load(path)
    except ConfigError as error:
        raise ClientError(f"{path} cannot be used: 'farwatch alerting check {path}' says why") from error


def _lines(summary: ConfigSummary) -> list[str]:
    lines = [
        "",
        f"  {counted(summary.routes, 'route')}",
        f"  {counted(len(summary.receivers), 'receiver')}",
        *(f"    {_describe_receiver(receiver, summary)}" for receiver in summary.receivers),
    ]
    lines += [
        f"  {counted(summary.inhibition_rules, 'inhibition rule')}",
        f"  time intervals: {', '.join(summary.time_intervals) or 'none'}",
        f"  files of templates: {', '.join(summary.templates) or 'none'}",
    ]
    return [plain(line).plain for line in lines]


def _describe_receiver(receiver: ReceiverSummary, summary: ConfigSummary) -> str:
    ways = ", ".join(
        kind if count == 1 else f"{count} x {kind}" for kind, count in receiver.integrations.items()
    )
    unused = "; no route names it" if receiver.name in summary.unused_receivers else ""
    return f"{receiver.name}: {ways or 'tells nobody'}{unused}"
