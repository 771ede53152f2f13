"""Faults on demand: what an API server does on a bad day, for tests and demonstrations.

In Python through ``ApiServer.faults``; over HTTP through ``/_sim/faults``:

- ``GET`` tells the faults in force as JSON.
- ``PUT`` with a JSON object replaces them; ``{}`` heals everything. Keys are the fields of ``Faults``.
- ``POST /_sim/faults/expire`` forgets the history, so that watches and continue tokens from before get 410.
- ``POST /_sim/faults/cut`` cuts every open watch in the middle of a line.

The control endpoint itself is never faulty and takes no token: the server listens on loopback.
"""

from __future__ import annotations

import msgspec

from farwatch.sim.errors import StatusError


class Answer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Answer with a failure instead of doing what is asked.

    Attributes:
        code: 429, 500, 503 ... or 410 for a watch's HTTP answer.
        times: How often, None until healed.
        resource: Only for this resource; empty for all.
        verb: Only for this verb (``list``, ``watch``, ``get`` ...); empty for all.
        retry_after: Seconds for the Retry-After header; None sends none.
    """

    code: int
    times: int | None = None
    resource: str = ""
    verb: str = ""
    retry_after: int | None = None


class Faults(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong at the moment.

    Attributes:
        refuse: Close every connection without an answer.
        delay: Seconds before each answer.
        answers: Failures to answer with; the first that fits counts.
        frozen: Resources whose watches stay open and say nothing; ``*`` for all. What happens meanwhile is sent when
            the watch thaws.
        deny: Resources that everybody is forbidden, as if no role granted them.
        absent: Resources that the server does not serve.
        no_streaming_lists: Refuse ``sendInitialEvents``, as servers before 1.32 do.
    """

    refuse: bool = False
    delay: float = 0.0
    answers: list[Answer] = msgspec.field(default_factory=list)
    frozen: set[str] = msgspec.field(default_factory=set)
    deny: set[str] = msgspec.field(default_factory=set)
    absent: set[str] = msgspec.field(default_factory=set)
    no_streaming_lists: bool = False

    def answer(self, verb: str, resource: str) -> StatusError | None:
        """The failure to answer this request with, or None; counts down its ``times``."""
        for answer in self.answers:
            if answer.times == 0 or answer.resource not in ("", resource) or answer.verb not in ("", verb):
                continue
            if answer.times is not None:
                answer.times -= 1
            return _failure(answer)
        return None

    def is_frozen(self, resource: str) -> bool:
        """Whether watches of a resource say nothing."""
        return resource in self.frozen or "*" in self.frozen


_WORDS = {
    410: ("Expired", "The resourceVersion for the provided watch is too old."),
    429: ("TooManyRequests", "too many requests, please try again later"),
    500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    503: ("ServiceUnavailable", "apiserver is shutting down"),
    504: ("Timeout", "Timeout: request did not complete within the allotted timeout"),
}


def _failure(answer: Answer) -> StatusError:
    reason, message = _WORDS.get(answer.code, ("", f"simulated failure {answer.code}"))
    details = None if answer.retry_after is None else {"retryAfterSeconds": answer.retry_after}
    return StatusError(answer.code, reason, message, details)
