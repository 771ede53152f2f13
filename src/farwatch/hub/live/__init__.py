"""The live stream: what changes, as it changes, to whoever listens."""

from farwatch.hub.live.publisher import Publisher
from farwatch.hub.live.streams import Streams

__all__ = ["Publisher", "Streams"]
