"""Objects kept small: packed, compressed with what they share, and never built until someone asks.

An agent holds every object it watches, so that a gap in the watch can be compared away and the hub can be told
everything again. Kept as structs, 50,000 pods cost 300 MiB; packed as here, some 25.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import zstandard

DICTIONARY_BYTES = 32 * 1024
"""How much of a kind's first documents becomes the dictionary that all others are compressed with. Objects of one
kind share most of their text, so a raw excerpt does better than a trained dictionary and costs no training."""

_PLAIN = b"\x00"
_PACKED = b"\x01"
_LEVEL = 1  # level 3 saves 3 % of bytes and takes a fifth more time and four times the workspace


class StoredObject(NamedTuple):
    """An object as it was put in; ``document`` is the trimmed object in MessagePack."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    document: bytes


class PackedStore:
    """The objects of one kind, by namespace and name.

    A record is one ``bytes``: uid and resource version in front, where comparing is a prefix test, then a flag and
    the document. Iterating is lazy and allows changes meanwhile: what is removed before its turn is left out, what
    is replaced comes as it is then, what is added may or may not come.
    """

    def __init__(self) -> None:
        self._namespaces: dict[str, dict[str, bytes]] = {}
        self._count = 0
        self._samples: list[tuple[str, str]] = []
        self._sample_bytes = 0
        self._compressor: zstandard.ZstdCompressor | None = None
        self._decompressor: zstandard.ZstdDecompressor | None = None

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[StoredObject]:
        for namespace, name in self.keys():
            stored = self.get(namespace, name)
            if stored is not None:
                yield stored

    def keys(self, namespace: str = "") -> Iterator[tuple[str, str]]:
        """Namespace and name of every object, or of those in one namespace; lazy like iterating."""
        for key in [namespace] if namespace else list(self._namespaces):
            for name in list(self._namespaces.get(key, ())):
                yield key, name

    def count(self, namespace: str = "") -> int:
        """How many objects there are, in all or in one namespace."""
        return len(self._namespaces.get(namespace, ())) if namespace else self._count

    def get(self, namespace: str, name: str) -> StoredObject | None:
        """The object of that name, or None."""
        record = self._record(namespace, name)
        if record is None:
            return None
        uid, version, body = record.split(b"\n", 2)
        return StoredObject(namespace, name, uid.decode(), version.decode(), self._unpack(body))

    def uid(self, namespace: str, name: str) -> str | None:
        """The uid of the object of that name, or None; the document stays packed."""
        record = self._record(namespace, name)
        return None if record is None else record[: record.index(b"\n")].decode()

    def resource_version(self, namespace: str, name: str) -> str | None:
        """The version of the object of that name, or None; the document stays packed."""
        record = self._record(namespace, name)
        return None if record is None else record.split(b"\n", 2)[1].decode()

    def holds(self, namespace: str, name: str, uid: str, resource_version: str) -> bool:
        """Whether exactly this version of exactly this object is here."""
        record = self._record(namespace, name)
        return record is not None and record.startswith(_version_prefix(uid, resource_version))

    def put(self, namespace: str, name: str, uid: str, resource_version: str, document: bytes) -> None:
        """Keep this object, in place of any of that name."""
        names = self._namespaces.setdefault(namespace, {})
        is_new = name not in names
        names[name] = _version_prefix(uid, resource_version) + self._pack(document)
        if is_new:
            self._count += 1
            if self._compressor is None:
                self._sample(namespace, name, document)

    def remove(self, namespace: str, name: str) -> bool:
        """Forget the object of that name; whether there was one."""
        names = self._namespaces.get(namespace)
        if names is None or names.pop(name, None) is None:
            return False
        self._count -= 1
        if not names:
            del self._namespaces[namespace]
        return True

    def _record(self, namespace: str, name: str) -> bytes | None:
        names = self._namespaces.get(namespace)
        return None if names is None else names.get(name)

    def _pack(self, document: bytes) -> bytes:
        if self._compressor is None:
            return _PLAIN + document
        return _PACKED + self._compressor.compress(document)

    def _unpack(self, body: bytes) -> bytes:
        if body[:1] == _PLAIN:
            return body[1:]
        if self._decompressor is None:
            raise RuntimeError("a packed record in a store without a dictionary")
        return self._decompressor.decompress(body[1:])

    def _sample(self, namespace: str, name: str, document: bytes) -> None:
        self._samples.append((namespace, name))
        self._sample_bytes += len(document)
        if self._sample_bytes >= DICTIONARY_BYTES:
            self._learn()

    def _learn(self) -> None:
        """Make the dictionary of what has come so far, and pack that with it."""
        stored = [found for key in self._samples if (found := self.get(*key)) is not None]
        excerpt = b"".join(found.document for found in stored)[-DICTIONARY_BYTES:]
        dictionary = zstandard.ZstdCompressionDict(excerpt, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        self._compressor = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=dictionary, write_checksum=False, write_dict_id=False
        )
        self._decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)
        self._samples.clear()
        for found in stored:
            self.put(*found)


def _version_prefix(uid: str, resource_version: str) -> bytes:
    return f"{uid}\n{resource_version}\n".encode()
