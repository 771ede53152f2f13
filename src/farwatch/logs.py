"""The log of every process: one JSON object a line in a pod, readable lines on a terminal."""

from __future__ import annotations

import logging
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, TextIO

import msgspec

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger


# At DEBUG these libraries write down the whole address of each request, and an incoming webhook's holds its secret.
_SHOW_ADDRESSES = ("urllib3", "apprise")


class LogFormat(StrEnum):
    """How log lines look; ``auto`` is ``console`` on a terminal and ``json`` elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """From which level on is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def configure_logs(level: LogLevel, log_format: LogFormat, stream: TextIO = sys.stderr) -> None:
    """Sends our own log and that of the libraries to ``stream``, in one form.

    A line has ``time`` (RFC 3339, UTC), ``level``, ``logger`` and ``event``, then what the event is about.
    """
    # Not at the top: the agent names the levels before it decides what structlog may load with it.
    import structlog  # noqa: PLC0415

    as_json = log_format is LogFormat.JSON or (log_format is LogFormat.AUTO and not stream.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last += [structlog.processors.format_exc_info, _to_json]
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="time"))

    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _SHOW_ADDRESSES:
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _to_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    first = {key: event.pop(key) for key in ("time", "level", "logger", "event") if key in event}
    return msgspec.json.encode({**first, **event}, enc_hook=_to_text).decode()


def _to_text(value: object) -> str:
    return str(value) if isinstance(value, str) else repr(value)
