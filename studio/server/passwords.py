"""Passwords: what one may be, and how it is kept (argon2id). Why it is so: docs/decisions/0032-accounts.md."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from studio.server.account_api import PASSWORD_BYTES, PASSWORD_LEAST_CHARACTERS
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.wording import name_key

AT_ONCE = 2
"""Each takes 64 MiB and tens of milliseconds."""
WAITING = 32
_TRIED_FIRST = """
0123456789 1234567890 12345678910 123456789a 1234567891 123123123123 987654321 0987654321 9876543210
1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qwertyuiop qwertyuiop123 qwerty12345 qwerty123456 qwertz12345 qwertzuiop
azertyuiop asdfghjkl123 abcdefghij abcd123456 abc1234567 a123456789 password12 password123 password1234
password12345 password123456 passwordpassword passw0rd123 p@ssw0rd123 p@ssword123 passwort123 motdepasse123
administrator admin12345 admin123456 administrator1 welcome123 welcome1234 iloveyou12 iloveyou123 letmein123
changeme123 changeme1234 football123 basketball sunshine123 princess123 superman123 1111111111a secret1234
test123456 testtest123 stoastudio stoastudio1 correcthorsebatterystaple
"""
COMMONEST = frozenset(_TRIED_FIRST.split())
"""Of those that would be long enough; a choice, compared without case and spaces."""


def _bad(message: str, remedy: str) -> Refusal:
    return Refusal(ErrorCode.PASSWORD_BAD, message, remedy)


def normal(password: str) -> str:
    """A password as it is hashed: one that looks the same is the same, whichever keyboard wrote it."""
    return unicodedata.normalize("NFKC", password)


def refuse_weak(password: str, login: str, name: str) -> None:
    """Raises Refusal(PASSWORD_BAD) for one that is too short, too long, the login, the name, or among the commonest."""
    kept = normal(password)
    if any(unicodedata.category(sign) in ("Cs", "Cc") for sign in kept):
        raise _bad("The password holds signs that cannot be typed.", "Choose another one.")
    if len(kept) < PASSWORD_LEAST_CHARACTERS:
        longer = f"Choose one of {PASSWORD_LEAST_CHARACTERS} or more; a few words in a row are easy to remember."
        raise _bad(f"The password has fewer than {PASSWORD_LEAST_CHARACTERS} characters.", longer)
    if len(kept.encode()) > PASSWORD_BYTES:
        raise _bad(f"The password is longer than {PASSWORD_BYTES} bytes.", "Choose a shorter one.")
    key = name_key(kept)
    if key in (name_key(login), name_key(name)):
        raise _bad("The password is your name.", "Choose one that nobody would try first.")
    if key in COMMONEST or len(set(key)) < 3:
        raise _bad("This password is one of those that are tried first.", "Choose one of your own.")


class Passwords:
    """Hashes and compares, on threads of its own. All methods belong to the event loop."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="password")
        self._running = 0

    async def hash(self, password: str) -> str:
        """What is kept of a password. Raises Refusal(TOO_MANY) while too many wait."""
        return await self._work(lambda: self._hasher.hash(normal(password)))

    async def same(self, kept: str | None, password: str) -> bool:
        """Whether it is the password. `kept` None (there is no such login) takes as long, and is False."""
        return await self._work(lambda: self._same(kept, password))

    def is_old(self, kept: str) -> bool:
        """Whether it was kept by weaker parameters than those of now: hash it anew where the password is at hand."""
        return self._hasher.check_needs_rehash(kept)

    def close(self) -> None:
        """Nothing is hashed any more."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _same(self, kept: str | None, password: str) -> bool:
        if kept is None:
            self._hasher.hash(normal(password))
            return False
        try:
            return self._hasher.verify(kept, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _work[Answer](self, work: Callable[[], Answer]) -> Answer:
        if self._running >= AT_ONCE + WAITING:
            words = "Too many people sign in at this moment."
            raise Refusal(ErrorCode.TOO_MANY, words, "Try again in a few seconds.", retry_after_s=2)
        self._running += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._running -= 1
