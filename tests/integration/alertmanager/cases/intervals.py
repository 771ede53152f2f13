"""Times at which nobody is told, and times at which only people are told."""

from __future__ import annotations

from datetime import UTC, datetime

from ..scenario import fire, resolve, route, scenario

_TODAY = datetime.now(UTC).strftime("%A").lower()
_OTHER_DAYS = [
    day
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    if day != _TODAY
]
_THIS_YEAR = datetime.now(UTC).year

INTERVALS = [
    {"name": "always", "time_intervals": [{"times": [{"start_time": "00:00", "end_time": "24:00"}]}]},
    {"name": "never", "time_intervals": [{"years": ["1999"]}]},
    {"name": "empty", "time_intervals": [{}]},
    # A test that runs over midnight in UTC sees both days as today's.
    {"name": "any-day-of-the-week", "time_intervals": [{"weekdays": [_TODAY]}, {"weekdays": _OTHER_DAYS}]},
    {"name": "this-year", "time_intervals": [{"years": [f"{_THIS_YEAR}:{_THIS_YEAR + 1}"]}]},
    {"name": "any-month-by-name", "time_intervals": [{"months": ["january:june", "7:december"]}]},
    {"name": "any-day-counted-from-the-end", "time_intervals": [{"days_of_month": ["-31:-1"]}]},
    {"name": "the-thirty-second", "time_intervals": [{"days_of_month": ["31"], "months": ["february"]}]},
]

SCENARIOS = [
    *(
        scenario(f"muted-{name}", mute_time_intervals=[name]).at(0, fire("a")).at(4, resolve("a")).until(8)
        for name in (interval["name"] for interval in INTERVALS)
    ),
    *(
        scenario(f"active-{name}", active_time_intervals=[name]).at(0, fire("a")).until(4)
        for name in (interval["name"] for interval in INTERVALS)
    ),
    scenario("active-and-muted", active_time_intervals=["always"], mute_time_intervals=["never", "always"])
    .at(0, fire("a"))
    .until(4),
    scenario("active-in-one-of-two", active_time_intervals=["never", "always"]).at(0, fire("a")).until(4),
    scenario(
        "intervals-are-not-inherited",
        routes=[route("child", 'team="x"'), route("muted", 'team="y"', mute_time_intervals=["always"])],
        mute_time_intervals=["always"],
    )
    .at(0, fire("a", team="x"), fire("b", team="y"), fire("c"))
    .until(4),
]
