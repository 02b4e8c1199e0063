"""Signing up, signing in and out, and passwords: what the holder of an account does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlalchemy import select

from studio.media.clock import Clock
from studio.server import invites, sign_ins
from studio.server.account_api import Account, ResetRequest, SignInRequest, SignUpRequest
from studio.server.account_rows import (
    account_of,
    by_login,
    clean_login,
    hint_of,
    login_key,
    refuse_taken,
    sender_of_account,
)
from studio.server.api import FIRST_SESSION, ErrorCode
from studio.server.connections import client_of
from studio.server.errors import Refusal
from studio.server.limits import RateLimit
from studio.server.messages import Outcome, Sender
from studio.server.model import AccountRow, SignInRow
from studio.server.passwords import Passwords, refuse_weak
from studio.server.record import Record, Transaction
from studio.server.sign_ins import Ended, SignIn
from studio.server.tokens import hash_of, new_id
from studio.server.wall import iso
from studio.server.wording import clean_name

NOBODY = Sender(id="", name="", role=None)
AT_ONCE = 5
ONE_EACH_S = 30.0
FROM_ALL_AT_ONCE = 60
FROM_ALL_EACH_S = 10.0
"""Of one login from all addresses together, but for those from which its holder signed in before."""
GUESSES = (ErrorCode.SIGN_IN_WRONG, ErrorCode.RESET_GONE, ErrorCode.INVITE_UNKNOWN, ErrorCode.DATABASE_AWAY)
"""What ends an attempt that counts: of the last nobody knows whether it was right."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """What signing in gives: the account, and what the cookie or bearer holds."""

    account: Account
    secret: str
    expires_s: int

    @property
    def expires(self) -> str:
        return iso(self.expires_s * 1000)


def wrong() -> Refusal:
    """The words for a login and a password that do not belong together, whichever of them is wrong."""
    return Refusal(
        ErrorCode.SIGN_IN_WRONG,
        "The login or the password is wrong.",
        "Check both. Who forgot the password asks an admin for a link to set a new one.",
    )


def reset_gone() -> Refusal:
    """The words for a link to a new password that is unknown, used, over or replaced."""
    return Refusal(ErrorCode.RESET_GONE, "This link to a new password is not good any more.", "Ask an admin for one.")


def note(
    transaction: Transaction, actor: Sender, action: str, address: str, *, refused: str = "", words: str = ""
) -> None:
    """A line of the audit log about accounts. `refused`: why it was."""
    outcome = Outcome.REFUSED if refused else Outcome.DONE
    transaction.audit(
        FIRST_SESSION, actor, action, outcome=outcome.value, target=actor.id, words=refused or words, address=address
    )


class Accounts:
    """Belongs to the event loop. `failures` counts what failed from an address, together with wrong invites."""

    def __init__(self, record: Record, clock: Clock, failures: RateLimit, passwords: Passwords | None = None) -> None:
        self._record = record
        self._failures = failures
        self._attempts = RateLimit(clock, burst=AT_ONCE, per_s=1 / ONE_EACH_S)
        self._from_all = RateLimit(clock, burst=FROM_ALL_AT_ONCE, per_s=1 / FROM_ALL_EACH_S)
        self.passwords = passwords or Passwords()

    @contextmanager
    def _attempt(self, login: str, address: str, *, known: bool = False) -> Iterator[None]:
        """Take a turn of the address and, where there is a login, of both together and of the login from everywhere.

        They are given back where nothing was guessed wrong, and not where that could not be written down. Nobody
        elsewhere can use up the turns of a client that is `known`: the holder of the login signed in from there before.
        Raises Refusal(TOO_FAST).
        """
        client, key = client_of(address), login_key(login)
        words = "Too many attempts to sign in with this login."
        turns = [(self._failures, client, "Too many attempts failed from your address.")]
        if key:
            turns.append((self._attempts, f"{client} {key}", words))
            turns += [] if known else [(self._from_all, key, words)]
        taken: list[tuple[RateLimit, str]] = []

        def give_back() -> None:
            for limit, whose in taken:
                limit.give_back(whose)

        try:
            for limit, whose, message in turns:
                limit.check(whose, message)
                taken.append((limit, whose))
            yield
        except Refusal as refusal:
            if refusal.code not in GUESSES:
                give_back()
            raise
        else:
            give_back()

    async def sign_up(self, request: SignUpRequest, address: str, device: str) -> Admitted:
        """Make an account, and sign in. Raises Refusal."""
        with self._attempt("", address):
            await self._record.run(lambda t: invites.find(t, request.invite, account=True))
        login, name = clean_login(request.login), clean_name(request.name)
        refuse_weak(request.password, login, name)
        await self._record.run(lambda t: refuse_taken(t, login, name))
        kept = await self.passwords.hash(request.password)

        def work(transaction: Transaction) -> Admitted:
            invite = invites.find(transaction, request.invite, account=True)
            refuse_taken(transaction, login, name)
            invite.used += 1
            account = AccountRow(
                id=new_id("a"),
                login=login,
                login_key=login_key(login),
                name=name,
                password_hash=kept,
                role=invite.role,
                created=transaction.at,
                disabled=False,
                reset_hash="",
                reset_ends_s=0,
            )
            transaction.db.add(account)
            transaction.db.flush()
            note(transaction, sender_of_account(account), "account.made", address, words=f"by invite {invite.id}")
            return _admit(transaction, account, address, device)

        return await self._record.run(work)

    async def sign_in(self, request: SignInRequest, address: str, device: str) -> Admitted:
        """Raises Refusal(SIGN_IN_WRONG, ACCOUNT_DISABLED, TOO_FAST, TOO_MANY). Those that are too fast are not
        written down: the wrong ones before them are.
        """
        key, client = login_key(request.login), client_of(address)
        known = await self._record.run(lambda t: sign_ins.came_from(t, key, client))
        with self._attempt(request.login, address, known=known):
            account = await self._record.run(lambda t: by_login(t, request.login))
            if not await self.passwords.same(account.password_hash if account else None, request.password):
                await self._record.run(partial(_write_wrong, account, request.login, address))
                raise wrong()
            assert account is not None
            kept = account.password_hash
            fresh = await self.passwords.hash(request.password) if self.passwords.is_old(kept) else kept

            def work(transaction: Transaction) -> Admitted | Refusal:
                now = transaction.db.get_one(AccountRow, account.id)
                if now.password_hash != kept:
                    return wrong()
                if now.disabled:
                    note(transaction, sender_of_account(now), "account.signed_in", address, refused="It is disabled.")
                    return Refusal(ErrorCode.ACCOUNT_DISABLED, "This account is disabled.", "Ask an admin.")
                now.password_hash = fresh
                note(transaction, sender_of_account(now), "account.signed_in", address, words=device)
                return _admit(transaction, now, address, device)

            answer = await self._record.run(work)
            if isinstance(answer, Refusal):
                raise answer
            return answer

    async def identify(self, secret: str, address: str) -> SignIn:
        """Who is signed in by this. Raises Refusal(NOT_SIGNED_IN)."""
        return await self._record.run(lambda transaction: sign_ins.find(transaction, secret, address))

    async def mine(self, who: SignIn) -> Account:
        """The account of who is signed in. Raises Refusal(NOT_SIGNED_IN)."""
        return await self._record.run(lambda t: account_of(t, sign_ins.living(t, who.id), who.account_id))

    async def sign_out(self, who: SignIn, *, everywhere: bool = False) -> Ended:
        """This sign-in is dead, or all of the account are, with the tokens that were given by them."""

        def work(transaction: Transaction) -> Ended:
            ended = sign_ins.end(transaction, who.account_id, only="" if everywhere else who.id)
            action = "account.signed_out_everywhere" if everywhere else "account.signed_out"
            note(transaction, who.sender, action, who.address, words=f"{ended.sign_ins} sign-ins ended")
            return ended

        return await self._record.run(work)

    async def change_password(self, who: SignIn, old: str, new: str) -> Ended:
        """A new password; the other sign-ins end. Raises Refusal(SIGN_IN_WRONG, PASSWORD_BAD, TOO_FAST, TOO_MANY)."""
        account = await self._record.run(lambda t: sign_ins.living(t, who.id))
        was = account.password_hash
        with self._attempt(account.login, who.address, known=True):
            if not await self.passwords.same(was, old):
                why = "the password of now was wrong"
                await self._record.run(lambda t: note(t, who.sender, "account.password", who.address, refused=why))
                raise Refusal(ErrorCode.SIGN_IN_WRONG, "The current password is wrong.", "Write it again.")
        refuse_weak(new, account.login, account.name)
        kept = await self.passwords.hash(new)

        def work(transaction: Transaction) -> Ended | None:
            row = sign_ins.living(transaction, who.id)
            if row.password_hash != was:
                return None
            _set_password(row, kept)
            ended = sign_ins.end(transaction, row.id, but=who.id)
            note(transaction, who.sender, "account.password", who.address, words="changed by its holder")
            return ended

        ended = await self._record.run(work)
        if ended is None:
            raise wrong()
        return ended

    async def reset(self, request: ResetRequest, address: str) -> Ended:
        """A new password by an admin's link; every sign-in ends. Raises Refusal(RESET_GONE, PASSWORD_BAD)."""
        with self._attempt("", address):
            account = await self._record.run(lambda t: _by_reset(t, request.reset))
        refuse_weak(request.new, account.login, account.name)
        kept = await self.passwords.hash(request.new)

        def work(transaction: Transaction) -> Ended:
            row = _by_reset(transaction, request.reset)
            _set_password(row, kept)
            ended = sign_ins.end(transaction, row.id)
            note(transaction, sender_of_account(row), "account.password", address, words="set by an admin's link")
            return ended

        return await self._record.run(work)


def _admit(transaction: Transaction, account: AccountRow, address: str, device: str) -> Admitted:
    row: SignInRow
    row, secret = sign_ins.begin(transaction, account, address, device)
    return Admitted(account_of(transaction, account, account.id), secret, row.expires_s)


def _set_password(row: AccountRow, kept: str) -> None:
    row.password_hash = kept
    row.reset_hash, row.reset_ends_s = "", 0


def _by_reset(transaction: Transaction, secret: str) -> AccountRow:
    row = transaction.db.scalar(select(AccountRow).where(AccountRow.reset_hash == hash_of(secret)))
    if row is None or transaction.now_s >= row.reset_ends_s:
        raise reset_gone()
    return row


def _write_wrong(account: AccountRow | None, login: str, address: str, transaction: Transaction) -> None:
    if account is None:
        why = f"there is no login {hint_of(login)}"
        note(transaction, NOBODY, "account.signed_in", address, refused=why)
        return
    transaction.audit(
        FIRST_SESSION,
        NOBODY,
        "account.signed_in",
        outcome=Outcome.REFUSED.value,
        target=account.id,
        target_name=account.name,
        words="the password was wrong",
        address=address,
    )
