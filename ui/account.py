"""Who is signed in with an account, and where: signing up, in and out, another password, and the keyring.

Lives on the window's thread, which nothing here blocks. The bearer is in the keyring and in this process's memory only.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from studio.media import ErrorKind, StoaError
from studio.media.system_keyring import NoKeyring

if TYPE_CHECKING:
    from studio.session.account_link import AccountLink
    from studio.session.account_messages import Account as Told
    from studio.session.client import SessionClient
    from studio.session.kept_sign_in import KeptSignIns
    from studio.session.sign_in import SignIn

CHECK_EVERY_S = 60.0
AGAIN_AFTER_S = (1.0, 2.0, 5.0, 15.0, 30.0)
PATIENCE_S = 1.0
WAITS = "The system's keyring waits to be unlocked."
ENDED = "You are signed out: the sign-in was ended, or it is too old."
UNTIL_THEN = "You are signed in; until it is unlocked, only as long as this window is open."
NOT_KEPT = "You are signed in until this window closes: there is no keyring here that can be opened."
NOT_TOLD = "It could not be told of it."
NOT_KEPT_REMEDY = "Start one (gnome-keyring, KWallet) and unlock it; until then you are asked again at each start."


class Standing(StrEnum):
    """How the window stands with the account's server. AWAY: signed in, and the server does not answer at present."""

    OUT = "out"
    COMING = "coming"
    IN = "in"
    AWAY = "away"


class Account(QObject):
    """Facts and signals. `wanted(words)`: a person must sign in anew, and why; `told(words, remedy)`: say this once."""

    changed = Signal()
    wanted = Signal(str)
    told = Signal(str, str)

    def __init__(self, work: Callable[[Coroutine[Any, Any, Any]], object]) -> None:
        """`work` runs a coroutine and tells its refusal (ui.show.Show.start)."""
        super().__init__()
        self._start = work
        self._sign_in: SignIn | None = None
        self._checking: asyncio.Task[None] | None = None
        self.standing = Standing.OUT
        self.words = ""
        self.server = ""
        """Where one is or was signed in last: what the next dialogue begins with."""
        self.login = ""
        self.name = ""
        self.role = ""
        self.kept = ""
        """The server of whose sign-in the keyring knows, for the window to remember; empty for none."""

    # -- facts -------------------------------------------------------------------------------------------------------

    @property
    def is_in(self) -> bool:
        return self.standing in (Standing.IN, Standing.AWAY)

    @property
    def bearer(self) -> str:
        """A secret: what the engine joins by. Empty where nobody is signed in."""
        return "" if self._sign_in is None else self._sign_in.bearer

    @property
    def host(self) -> str:
        """The server as a person calls it."""
        return self.server.partition("://")[2]

    @property
    def before(self) -> str:
        """The server of the sign-in that another one would end; empty for none."""
        return self.kept if self._sign_in is None else self._sign_in.base

    def _set(self, standing: Standing, words: str = "") -> None:
        self.standing, self.words = standing, words
        self.changed.emit()

    # -- coming and going --------------------------------------------------------------------------------------------

    def restore(self, server: str) -> None:
        """Be signed in as the keyring has it, where the window remembers that it does."""
        if server:
            self.server = self.kept = server
            self._start(self._restore(server))

    async def _restore(self, server: str) -> None:
        kept = await _kept_sign_ins()
        self._set(Standing.COMING, "Asking the system's keyring.")
        try:
            bearer = await _patiently(kept.find(server), lambda: self._set(Standing.COMING, WAITS))
        except NoKeyring as error:
            self._set(Standing.OUT, f"{error.message} It would sign you in at {self.host}.")
            self.told.emit(self.words, error.remedy)
            return
        if self.is_in:  # somebody typed the password meanwhile
            return
        if not bearer:
            self.kept = ""
            self._set(Standing.OUT)
            return
        sign_in_room = await _sign_in_room()
        self._take(await sign_in_room.SignIn.again(server, bearer))
        self._set(Standing.COMING, f"Asking {self.host}.")

    async def sign_in(self, server: str, login: str, password: str, *, in_use: bool = False) -> None:
        """One sign-in at a time: one of before is ended at its server, but for one `in_use` (the studio is in a session
        by it), and its entry in the keyring goes.

        Raises SessionError for what the server refused (`retry_after_s`: how long to wait), StoaError.
        """
        sign_in_room = await _sign_in_room()
        made = await sign_in_room.SignIn.begin(sign_in_room.server_base(server), login, password)
        self._enter(made, login, in_use=in_use)

    async def sign_up(self, link: AccountLink, login: str, name: str, password: str, *, in_use: bool = False) -> None:
        """Make an account by an invite, and be signed in as after `sign_in`. Raises SessionError, StoaError."""
        sign_in_room = await _sign_in_room()
        made = await sign_in_room.SignIn.sign_up(link.base, link.secret, login, name, password)
        self._enter(made, login, in_use=in_use)

    async def set_password(self, link: AccountLink, new: str) -> None:
        """By an admin's link; every sign-in of that account ends. Raises SessionError, StoaError."""
        sign_in_room = await _sign_in_room()
        await sign_in_room.set_password(link.base, link.secret, new)

    def _enter(self, made: SignIn, login: str, *, in_use: bool) -> None:
        earlier, had = self._sign_in, self.kept
        self.server, self.login = made.base, login
        self._take(made)
        self._show(made.account)
        self._start(self._replace(made, earlier, had, in_use=in_use))

    async def _replace(self, made: SignIn, earlier: SignIn | None, had: str, *, in_use: bool) -> None:
        """`had`: the server of whose sign-in the keyring knew, which may be all that is known of the one of before."""
        try:
            if earlier is None and had:
                earlier = await self._found(had)
            await self._keep(made.base, made.bearer, had)
            if earlier is not None and not in_use:
                await self._end(earlier)
        finally:
            if earlier is not None:
                await earlier.close()

    async def _found(self, server: str) -> SignIn | None:
        """The sign-in that the keyring has."""
        kept = await _kept_sign_ins()
        try:
            bearer = await _patiently(kept.find(server), lambda: self.told.emit(WAITS, UNTIL_THEN))
        except NoKeyring:
            return None
        sign_in_room = await _sign_in_room()
        found: SignIn | None = await sign_in_room.SignIn.again(server, bearer) if bearer else None
        return found

    async def _end(self, earlier: SignIn) -> None:
        host = earlier.base.partition("://")[2]
        try:
            await earlier.sign_out()
        except StoaError as error:
            if not _is_over(error):
                self.told.emit(f"You are not signed in at {host} here any more. {error.message}", NOT_TOLD)

    async def _keep(self, base: str, bearer: str, had: str) -> None:
        kept = await _kept_sign_ins()
        try:
            await _patiently(kept.keep(base, bearer), lambda: self.told.emit(WAITS, UNTIL_THEN))
        except NoKeyring:
            self.kept = "" if had == base else had  # that one is found again at the next start
            self.told.emit(NOT_KEPT, NOT_KEPT_REMEDY)
        else:
            if self.bearer != bearer:  # signed out while the keyring was being unlocked
                await kept.forget(base)
                return
            self.kept = base
            if had and had != base:
                await self._forget(had)
        self.changed.emit()

    async def _forget(self, base: str) -> None:
        if self.kept == base:
            self.kept = ""
        if base:
            kept = await _kept_sign_ins()
            try:
                await kept.forget(base)
            except NoKeyring:
                pass  # what it still has is dead, and nobody asks for it

    async def sign_out(self, *, everywhere: bool = False) -> None:
        """Raises StoaError where the server does not answer: out everywhere is not done then, out here is."""
        sign_in = self._here()
        try:
            await sign_in.sign_out(everywhere=everywhere)
        except StoaError as error:
            if not _is_over(error):
                if not everywhere:
                    await self._leave()
                    self.told.emit(f"You are signed out here. {error.message}", NOT_TOLD)
                    return
                raise
        await self._leave()

    async def _leave(self) -> None:
        await self._drop()
        self.name = self.role = ""
        self._set(Standing.OUT)
        self._start(self._forget(self.server))  # which may wait for the keyring's person

    async def change_password(self, old: str, new: str) -> None:
        """The other sign-ins end. Raises SessionError, StoaError."""
        sign_in = self._here()
        try:
            await sign_in.change_password(old, new)
        except StoaError as error:
            if _is_over(error):
                await self._lost(sign_in)
            raise

    async def join(self, session: str) -> SessionClient:
        """Into a session of the server, as the person of the account. Raises SessionError, StoaError."""
        sign_in = self._here()
        try:
            return await sign_in.join(session)
        except StoaError as error:
            if _is_over(error):
                await self._lost(sign_in)
            raise

    def _here(self) -> SignIn:
        if self._sign_in is None:
            raise StoaError(ErrorKind.DENIED, "You are not signed in.", remedy="Sign in first.", permanent=True)
        return self._sign_in

    # -- knowing that it is still so ---------------------------------------------------------------------------------

    def _take(self, sign_in: SignIn) -> None:
        self._sign_in = sign_in
        self._start(self._check(sign_in))

    def _show(self, told: Told | None) -> None:
        if told is not None:
            self.login, self.name, self.role = told.login, told.name, told.role
        self._set(Standing.IN)

    async def _check(self, sign_in: SignIn) -> None:
        """Ask again and again who is signed in, until it is over."""
        failures = 0
        if sign_in.account is not None:
            await asyncio.sleep(CHECK_EVERY_S)
        while sign_in is self._sign_in:
            try:
                told = await sign_in.whoami()
            except StoaError as error:
                if sign_in is not self._sign_in:
                    return
                if _is_over(error):
                    await self._lost(sign_in)
                    return
                self._set(Standing.AWAY, str(error))
                await asyncio.sleep(AGAIN_AFTER_S[min(failures, len(AGAIN_AFTER_S) - 1)])
                failures += 1
            else:
                failures = 0
                if sign_in is self._sign_in:
                    self._show(told)
                await asyncio.sleep(CHECK_EVERY_S)

    async def _lost(self, sign_in: SignIn) -> None:
        """The server does not know the sign-in any more."""
        if sign_in is self._sign_in:
            await self._drop()
            self._set(Standing.OUT, ENDED)
            self._start(self._forget(self.server))
            self.wanted.emit(ENDED)

    async def close(self) -> None:
        """At the window's end: give the connections back; it stays signed in."""
        await self._drop()

    async def _drop(self) -> None:
        sign_in, self._sign_in = self._sign_in, None
        if sign_in is not None:
            await sign_in.close()


async def _sign_in_room() -> Any:
    """`studio.session.sign_in`, which loads in a thread, when it is needed first."""
    return await asyncio.to_thread(importlib.import_module, "studio.session.sign_in")


async def _kept_sign_ins() -> KeptSignIns:
    """Its room loads in a thread, when it is needed first."""
    made: KeptSignIns = (await asyncio.to_thread(importlib.import_module, "studio.session.kept_sign_in")).KeptSignIns()
    return made


async def _patiently[Answer](asked: Coroutine[Any, Any, Answer], waits: Callable[[], object]) -> Answer:
    """What the keyring answers; `waits` is called where its person takes a while."""
    asking = asyncio.ensure_future(asked)
    done, _ = await asyncio.wait({asking}, timeout=PATIENCE_S)
    if not done:
        waits()
    return await asking


def _is_over(error: StoaError) -> bool:
    return getattr(error, "code", "") == "not_signed_in"
