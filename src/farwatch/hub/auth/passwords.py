"""Passwords: which will do, and how they are kept."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from farwatch.hub.auth import secrets
from farwatch.hub.auth.errors import PasswordError, PasswordsBusyError

MIN_LENGTH = 12
"""In characters. Rules on what they must be do more harm than good (NIST SP 800-63B, 3.1.1.2)."""

MAX_BYTES = 1024
"""Longer ones would only cost time."""

MIN_DIFFERENT = 5
"""How many different characters there must be."""

WORKERS = 2
MAX_WAITING = 64
"""How many passwords may wait to be checked: each takes a worker 30 ms."""

_COMMON_WORDS = """
abc abcd abcdef access account admin administrator alertmanager asdf asdfgh asdfghjkl autumn baseball batman
changeit changeme charlie cheese cluster computer correcthorsebatterystaple default docker donald dragon
farwatch football forever freedom grafana guest hello helloworld iloveyou iloveyouforever killer kubernetes
letmein letmeinnow letmeinplease login master michael minecraft monday monitoring monkey mustang mypassword
nopassword nothing operator pass passphrase passw password passwordpassword passwort passwrd pokemon
princess prometheus qazwsx qazwsxedc qazwsxedcrfv qwe qwer qwert qwerty qwertyqwerty qwertyuiop
qwertyuiopasdfghjkl qwertz qwertzuiop root rootroot secret service shadow spring starwars summer sunshine
superman supersecret superuser sysadmin system temp temporary test testing testtest thisisapassword
thisismypassword topsecret trustno trustnoone unknown user verysecret viewer welcome whatever winter zxcvbn
zxcvbnm
"""
"""What is left of the most common passwords without their digits and signs."""

_COMMON = frozenset(_COMMON_WORDS.split())

T = TypeVar("T")

_SUBSTITUTES = str.maketrans("@013457$!", "aoieastsi")
_NO_LETTER_AT_END = re.compile(r"[^a-z]+$")
_NO_LETTER = re.compile(r"[^a-z]+")


def normalize(password: str) -> str:
    """The same characters however they were typed (NFKC, as NIST SP 800-63B wants)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, user_name: str) -> None:
    """Judge a password that somebody wants to have.

    Raises:
        PasswordError: It is too short, too long, the user's name, or too common.
    """
    plain = normalize(password)
    if len(plain) < MIN_LENGTH:
        raise PasswordError(
            f"the password is shorter than {MIN_LENGTH} characters: several words make a good one"
        )
    if len(plain.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise PasswordError(f"the password is longer than {MAX_BYTES} bytes")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in plain):
        raise PasswordError("the password holds control characters, which forms and terminals lose")
    folded = plain.casefold()
    if len(set(folded)) < MIN_DIFFERENT:
        raise PasswordError(f"the password has fewer than {MIN_DIFFERENT} different characters")
    if _is_run(folded):
        raise PasswordError("the password is a run of characters, which is guessed among the first")
    spoken = _NO_LETTER_AT_END.sub("", folded).translate(_SUBSTITUTES)
    words = {_NO_LETTER.sub("", folded), _NO_LETTER.sub("", spoken)}
    if words & _COMMON:
        raise PasswordError("the password is among the most common ones: choose one that nobody else has")
    name = _NO_LETTER.sub("", user_name.casefold())
    if user_name.casefold() in {folded, folded[: len(user_name)] * 2} or (
        name and words & {name, name + name}
    ):
        raise PasswordError("the password is made of the user's name")


def _is_run(text: str) -> bool:
    """Whether each character follows the one before, up, down or around from 9 to 0."""
    steps = {(ord(after) - ord(before)) for before, after in pairwise(text)}
    return steps <= {1, -9} or steps <= {-1, 9}


class Passwords:
    """Hashes passwords with argon2id, beside the event loop and a few at a time: each takes 19 MiB of memory.

    Its parameters are the least that OWASP's Password Storage Cheat Sheet recommends: m = 19 MiB, t = 2, p = 1.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of a password, with its parameters and salt.

        Raises:
            PasswordsBusyError: Too many are waiting.
        """
        return await self._run(lambda: self._hasher.hash(_encode(password)))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one whose hash was kept. Where none was, it takes as long and is false.

        Raises:
            PasswordsBusyError: Too many are waiting.
        """
        return await self._run(lambda: self._verify(stored, password))

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than those of now."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Let go of the workers."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str | None, password: str) -> bool:
        if stored is None and self._nobodys is None:
            self._nobodys = self._hasher.hash(secrets.mint("nobody"))
        try:
            self._hasher.verify(stored or self._nobodys or "", _encode(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise PasswordsBusyError("too many people are signing in right now: try again in a few seconds")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        finally:
            self._waiting -= 1


def _encode(password: str) -> bytes:
    """As bytes, and never more than are worth hashing."""
    return normalize(password[: MAX_BYTES * 2]).encode("utf-8", "surrogatepass")
