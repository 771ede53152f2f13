"""Troubles switched on and off over HTTP, at ``/_sim/trouble``.

- ``GET /_sim/trouble`` tells the troubles there are and those in force.
- ``POST /_sim/trouble`` raises one: ``{"trouble": "crash-loop", "namespace": "shop", "workload": "web"}``. All but the
  first may be left out; then chance decides. The answer is the trouble as it is in force, with its number.
- ``DELETE /_sim/trouble`` mends those that fit the same fields, or ``{"number": 3}``; all without a body.

Like ``/_sim/faults`` it takes no token: the server listens on loopback.
"""

from __future__ import annotations

from typing import Any

import msgspec

from farwatch.sim.server.exchange import Reply, reply_json
from farwatch.sim.times import format_time
from farwatch.sim.troubles.registry import ActiveTrouble, TroubleError
from farwatch.sim.troubles.troubles import TROUBLES, Troubles

TROUBLE_PATH = "/_sim/trouble"


class TroubleRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which trouble to raise or mend, and where; empty fields leave it open."""

    trouble: str = ""
    namespace: str = ""
    workload: str = ""
    node: str = ""
    number: int = 0


def answer_orders(troubles: Troubles, method: str, rest: str, body: bytes) -> Reply:
    """The answer to a request to ``/_sim/trouble``."""
    if rest:
        return reply_json({"error": f"{TROUBLE_PATH}{rest} does not exist; use {TROUBLE_PATH}"}, 404)
    try:
        return reply_json(order_trouble(troubles, method, body))
    except msgspec.DecodeError as error:
        return reply_json({"error": f"the body is not a trouble: {error}"}, 400)
    except TroubleError as error:
        return reply_json({"error": str(error)}, 422)


def order_trouble(troubles: Troubles, method: str, body: bytes) -> dict[str, Any]:
    """Do what a request to ``/_sim/trouble`` asks; TroubleError or msgspec.DecodeError when it cannot be done."""
    if method == "GET":
        known = [
            {"trouble": each.name, "befalls": each.subject, "description": each.description}
            for each in TROUBLES.values()
        ]
        return {"known": known, "active": [tell(active) for active in troubles.active.values()]}
    asked = msgspec.json.decode(body or b"{}", type=TroubleRequest)
    where = {"namespace": asked.namespace, "workload": asked.workload, "node": asked.node}
    if method == "POST":
        return tell(troubles.bring_about(asked.trouble, **where))
    if method == "DELETE":
        numbers = (
            [asked.number]
            if asked.number
            else [each.number for each in troubles.find(name=asked.trouble, **where)]
        )
        return {"mended": [tell(troubles.mend(number)) for number in numbers]}
    raise TroubleError(f"{method} means nothing here; use GET, POST or DELETE")


def tell(active: ActiveTrouble) -> dict[str, Any]:
    """A trouble in force, as JSON."""
    return {
        "number": active.number,
        "trouble": active.trouble.name,
        "target": str(active.target),
        "since": format_time(active.since),
    }
