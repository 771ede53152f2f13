from __future__ import annotations

import io
import logging

import msgspec
import structlog

from farwatch.agent.config import Secret
from farwatch.agent.values import HubUrl
from farwatch.logs import LogFormat, LogLevel, configure_logs


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in stream.getvalue().splitlines()]


def test_each_line_is_one_json_object_with_time_level_and_event() -> None:
    stream = io.StringIO()
    configure_logs(LogLevel.INFO, LogFormat.AUTO, stream)

    structlog.get_logger("farwatch.agent").info("linked", cluster="prod", bytes=5)
    logging.getLogger("aiohttp.client").warning("slow: %d s", 3)

    own, foreign = lines(stream)
    assert list(own)[:4] == ["time", "level", "logger", "event"]
    assert {key: own[key] for key in ("level", "event", "cluster", "bytes")} == {
        "level": "info",
        "event": "linked",
        "cluster": "prod",
        "bytes": 5,
    }
    assert str(own["time"]).endswith("Z")
    assert (foreign["level"], foreign["logger"], foreign["event"]) == (
        "warning",
        "aiohttp.client",
        "slow: 3 s",
    )


def test_lower_levels_are_left_out() -> None:
    stream = io.StringIO()
    configure_logs(LogLevel.WARNING, LogFormat.JSON, stream)
    structlog.get_logger("farwatch.agent").info("quiet")
    logging.getLogger("farwatch").debug("quieter")
    assert stream.getvalue() == ""


def test_an_exception_stays_one_line_and_odd_values_are_shown() -> None:
    stream = io.StringIO()
    configure_logs(LogLevel.INFO, LogFormat.JSON, stream)
    try:
        int("boom")
    except ValueError:
        structlog.get_logger("farwatch.agent").exception(
            "failed", token=Secret("t0ken"), hub=HubUrl.parse("https://hub")
        )
    (line,) = lines(stream)
    assert "ValueError: invalid literal" in str(line["exception"])
    assert line["token"] == "Secret(***)"
    assert line["hub"] == "https://hub"


def test_a_person_gets_readable_lines() -> None:
    stream = io.StringIO()
    configure_logs(LogLevel.INFO, LogFormat.CONSOLE, stream)
    structlog.get_logger("farwatch.agent").info("linked", cluster="prod")
    assert "linked" in stream.getvalue()
    assert "cluster=prod" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_at_the_finest_level_no_library_shows_the_addresses_that_hold_secrets() -> None:
    stream = io.StringIO()
    configure_logs(LogLevel.DEBUG, LogFormat.JSON, stream)
    logging.getLogger("urllib3.connectionpool").debug('"POST /services/secret HTTP/1.1" 400')
    logging.getLogger("asyncio").debug("seen")
    assert [line["event"] for line in lines(stream)] == ["seen"]
