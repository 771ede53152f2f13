"""What one integration was told of an alert, and why it was not told yet: decisions only, with time passed in."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from farwatch.hub.alerting.alerts import KnownAlert
from farwatch.hub.alerting.dispatch import GroupView, Told
from farwatch.hub.alerting.durations import format_duration
from farwatch.hub.alerting.notify import Attempt, Outcome
from farwatch.hub.times import to_time


class TellingState(StrEnum):
    """How it stands with telling an integration of an alert."""

    TOLD = "told"
    """It knows that the alert fires; or, once that is over, that it has ended."""

    GROUP_WAIT = "waiting for group_wait"
    GROUP_INTERVAL = "waiting for group_interval"
    SENDING = "being told now"
    FAILED = "failed"
    """The last attempt did not get through."""

    SUPPRESSED = "suppressed"
    """A silence, an inhibition or a time interval keeps it from being told."""

    NOT_TOLD_OF_ENDS = "not told of ends"
    """It does not want to know of ends (``send_resolved: false``)."""

    NEVER_TOLD = "never told"
    """The alert was over before it was told."""


class Telling(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """How it stands with telling one integration of one alert.

    Attributes:
        integration: Its kind.
        position: Its place among those of its kind.
        state: How it stands.
        told_at: When it was told last of the alert's group.
        next_at: When the group is looked at next.
        detail: What went wrong.
        words: The same in a sentence.
    """

    integration: str
    position: int
    state: TellingState
    told_at: datetime | None = None
    next_at: datetime | None = None
    detail: str = ""
    words: str = ""


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What decides about telling an integration.

    Attributes:
        known: The alert.
        group: Its group.
        first_received_at: When the oldest alert of the group was received; seconds since the epoch.
        told: What the integration was told last of the group.
        last: The latest attempt to tell it of the group, if that is remembered.
        send_resolved: Whether it wants to know of ends.
        suppressed: Whether a silence, an inhibition or a time interval keeps people from being told.
        acknowledged_by: Who has taken on the alert; empty: nobody.
        now: Seconds since the epoch.
    """

    known: KnownAlert
    group: GroupView
    first_received_at: float
    told: Told | None
    last: Attempt | None
    send_resolved: bool
    suppressed: bool
    acknowledged_by: str
    now: float

    @property
    def key(self) -> str:
        """The alert's fingerprint."""
        return self.known.alert.fingerprint

    @property
    def knows(self) -> bool:
        """Whether the integration knows how the alert stands."""
        if self.told is None:
            return False
        return self.key in (self.told.resolved if self.known.resolved else self.told.firing)


def telling(integration: str, position: int, found: Circumstances) -> Telling:
    """How it stands with telling an integration of an alert."""
    state = _state(found)
    made = Telling(
        integration=integration,
        position=position,
        state=state,
        told_at=to_time(found.told.time) if found.told and state is TellingState.TOLD else None,
        next_at=to_time(found.group.next_flush),
        detail=found.last.detail if found.last and state is TellingState.FAILED else "",
    )
    return msgspec.structs.replace(made, words=_words(made, found))


def _state(found: Circumstances) -> TellingState:
    if found.knows:
        return TellingState.TOLD
    if found.known.resolved and (found.told is None or found.key not in found.told.firing):
        return TellingState.NEVER_TOLD
    if found.known.resolved and not found.send_resolved:
        return TellingState.NOT_TOLD_OF_ENDS
    if found.suppressed:
        return TellingState.SUPPRESSED
    return _pending(found)


def _pending(found: Circumstances) -> TellingState:
    """What it waits for, where nothing keeps it from being told."""
    if found.last is not None and found.last.outcome is not Outcome.DELIVERED:
        return TellingState.FAILED
    if found.group.next_flush <= found.now:
        return TellingState.SENDING
    return TellingState.GROUP_INTERVAL if _was_flushed(found) else TellingState.GROUP_WAIT


def _was_flushed(found: Circumstances) -> bool:
    """Whether the group was looked at before: its first look comes ``group_wait`` after its first alert."""
    return (
        found.told is not None
        or found.group.next_flush > found.first_received_at + found.group.route.group_wait
    )


def _words(made: Telling, found: Circumstances) -> str:
    if made.state is TellingState.TOLD:
        return f"{made.integration} {_told_words(found)}"
    left = format_duration(max(found.group.next_flush - found.now, 0))
    return f"{made.integration} {_WORDS[made.state].format(left=left, detail=made.detail or 'no reason was given')}"


_WORDS = {
    TellingState.GROUP_WAIT: "is not told yet: the group waits for its group_wait, {left} left.",
    TellingState.GROUP_INTERVAL: "is not told yet: the group waits for its group_interval, {left} left.",
    TellingState.SENDING: "is being told now.",
    TellingState.FAILED: "could not be told ({detail}); it is tried again in {left}.",
    TellingState.SUPPRESSED: "is not told, as people are not to be told of this alert now; that is looked at again in {left}.",
    TellingState.NOT_TOLD_OF_ENDS: "was told that the alert fires, and does not want to know of ends (send_resolved: false).",
    TellingState.NEVER_TOLD: "was never told: the alert was over before.",
}


def _told_words(found: Circumstances) -> str:
    time = found.told.time if found.told else found.now
    ago = format_duration(max(found.now - time, 0))
    if found.known.resolved:
        return f"was told {ago} ago that it is over."
    if found.suppressed:
        return f"was told {ago} ago, and is not told again while people are not to be told of this alert."
    if found.acknowledged_by:
        return f"was told {ago} ago, and is not told again while {found.acknowledged_by} sees to it."
    again = time + found.group.route.repeat_interval - found.now
    when = f"in {format_duration(again)}" if again > 0 else "at the next look"
    return f"was told {ago} ago, and is told again {when} if nothing changes."
