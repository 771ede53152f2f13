from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from farwatch.kube import store as store_module
from farwatch.kube.store import DICTIONARY_BYTES, PackedStore, StoredObject


def fill(store: PackedStore, count: int, document_bytes: int = 1_000) -> None:
    for number in range(count):
        document = (f"pod {number} " * document_bytes)[:document_bytes].encode()
        store.put(f"ns-{number % 3}", f"pod-{number}", f"uid-{number}", str(number), document)


def test_what_is_put_in_comes_out_before_and_after_there_is_a_dictionary() -> None:
    store = PackedStore()
    count = 3 * DICTIONARY_BYTES // 1_000
    fill(store, count)
    expected = PackedStore()
    fill(expected, count)
    assert list(store) == list(expected)
    assert len(store) == count
    found = store.get("ns-0", "pod-0")
    assert found is not None
    assert found.document == (b"pod 0 " * 1_000)[:1_000]
    last = store.get(f"ns-{(count - 1) % 3}", f"pod-{count - 1}")
    assert last is not None
    assert last.document.startswith(f"pod {count - 1} ".encode())


def test_with_a_dictionary_similar_documents_take_a_fraction() -> None:
    store = PackedStore()
    document = bytes(range(256)) * 4  # nothing in it repeats within 256 bytes of itself but as a whole
    for number in range(200):
        store.put("ns", f"pod-{number}", f"uid-{number}", "1", document + str(number).encode())
    sizes = [len(record) for record in store._namespaces["ns"].values()]
    assert max(sizes) < len(document) / 5


def test_a_version_is_compared_without_unpacking() -> None:
    store = PackedStore()
    store.put("ns", "a", "uid", "12", b"document")
    assert store.holds("ns", "a", "uid", "12")
    assert not store.holds("ns", "a", "uid", "1")
    assert not store.holds("ns", "a", "uid", "123")
    assert not store.holds("ns", "a", "ui", "12")
    assert not store.holds("ns", "b", "uid", "12")
    assert not store.holds("other", "a", "uid", "12")
    assert (store.uid("ns", "a"), store.resource_version("ns", "a")) == ("uid", "12")
    assert (store.uid("ns", "b"), store.resource_version("ns", "b")) == (None, None)


def test_documents_may_hold_any_bytes() -> None:
    store = PackedStore()
    for document in (b"", b"\n", b"\n\n\x00\x01", b"\x01\n"):
        store.put("", "node", "uid", "1", document)
        assert store.get("", "node") == StoredObject("", "node", "uid", "1", document)


def test_objects_may_come_and_go_while_they_are_iterated() -> None:
    store = PackedStore()
    fill(store, 90)
    seen = []
    for stored in store:
        seen.append(stored.name)
        store.remove("ns-0", "pod-3")
        store.remove("ns-2", "pod-89")
        store.put("ns-1", "pod-88", "uid-88", "changed", b"newer")
        store.put("ns-9", "late", "uid", "1", b"late")
        if stored.name == "pod-88":
            assert stored.resource_version == "changed"
    assert "pod-3" not in seen
    assert "pod-89" not in seen
    assert len(set(seen)) == len(seen) == 88


def test_objects_are_counted_and_named_by_namespace() -> None:
    store = PackedStore()
    fill(store, 7)
    assert (store.count("ns-0"), store.count("ns-1"), store.count("none"), store.count()) == (3, 2, 0, 7)
    assert list(store.keys("ns-1")) == [("ns-1", "pod-1"), ("ns-1", "pod-4")]
    assert len(list(store.keys())) == 7


def test_an_object_that_changes_often_does_not_become_a_dictionary_of_its_own() -> None:
    store = PackedStore()
    for number in range(200):
        store.put("ns", "hpa", "uid", str(number), b"x" * 1_000)
    assert store._compressor is None


class StoreMachine(RuleBasedStateMachine):
    """A store is a dict, whatever is done to it in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.store = PackedStore()
        self.expected: dict[tuple[str, str], StoredObject] = {}

    names = st.sampled_from("abcd")
    namespaces = st.sampled_from(["", "x", "y"])

    @rule(namespace=namespaces, name=names, uid=names, version=names, size=st.integers(0, 20_000))
    def put(self, namespace: str, name: str, uid: str, version: str, size: int) -> None:
        document = (name + uid + version).encode() * (size // 3)
        self.store.put(namespace, name, uid, version, document)
        self.expected[namespace, name] = StoredObject(namespace, name, uid, version, document)

    @rule(namespace=namespaces, name=names)
    def remove(self, namespace: str, name: str) -> None:
        assert self.store.remove(namespace, name) == ((namespace, name) in self.expected)
        self.expected.pop((namespace, name), None)

    @invariant()
    def same(self) -> None:
        assert {(found.namespace, found.name): found for found in self.store} == self.expected
        assert len(self.store) == len(self.expected)


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_the_dictionary_is_bounded() -> None:
    store = PackedStore()
    store.put("ns", "huge", "uid", "1", b"x" * 10 * DICTIONARY_BYTES)
    store.put("ns", "next", "uid", "1", b"y" * 10)
    found = store.get("ns", "next")
    assert found is not None
    assert found.document == b"y" * 10
    assert store_module.DICTIONARY_BYTES < 64 * 1024
