"""The bearer of a sign-in in the system's keyring, and nowhere else: one for each server."""

from __future__ import annotations

from pathlib import Path

from studio.media.beside import beside
from studio.media.home import stoa_home
from studio.media.system_keyring import SystemKeyring


class KeptSignIns:
    """Belongs to an event loop, which it never blocks. Each may wait for the keyring's person; raises NoKeyring."""

    def __init__(self, home: Path | None = None) -> None:
        self._keyring = SystemKeyring(stoa_home() if home is None else home, "sign-in")

    async def keep(self, base: str, bearer: str) -> None:
        await beside(lambda: self._keyring.keep(base, bearer), "keyring")

    async def find(self, base: str) -> str:
        """Empty where there is none."""
        return await beside(lambda: self._keyring.find(base) or "", "keyring")

    async def forget(self, base: str) -> None:
        await beside(lambda: self._keyring.forget(base), "keyring")
