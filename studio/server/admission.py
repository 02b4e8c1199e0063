"""Coming in: from an invite or the owner's run token to a person with a token, and from a token back to the person."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import or_, select, update

from studio.server import endings, grant_ends, invites, sign_ins
from studio.server.account_rows import role_in
from studio.server.api import ErrorCode
from studio.server.bans import banned
from studio.server.caller import BARE_LINK, OWNER_ID, Caller, host_id, no_session
from studio.server.errors import Refusal
from studio.server.model import InviteRow, PersonRow, SessionRow, TokenRow
from studio.server.names import HOST_NAME, refuse_borrowed
from studio.server.names_of_accounts import refuse_of_an_account, take_back
from studio.server.presence import depart
from studio.server.record import Record, Transaction
from studio.server.returning import been_here, refuse_by_account, refuse_by_invite, removed, take_over
from studio.server.rights import Role
from studio.server.sign_ins import SignIn
from studio.server.tokens import (
    SEAT_LIFE_S,
    TOKEN_LIFE_S,
    TokenGrant,
    began_with,
    hash_of,
    new_id,
    renewal_of,
    renewed_id,
    same,
    sign,
    token_id_of,
)
from studio.server.visitors import network_of, new_visitor, seal, unseal
from studio.server.wall import WallClock
from studio.server.wording import clean_name, name_key
from studio.token.grants import Grant

NAME_HELD_S = 60
WHO_RUNS_IT = (Role.BROADCASTER.value, Role.DIRECTOR.value, Role.ADMIN.value)
CACHE_TOKENS = 4096


def not_signed_in() -> Refusal:
    """The words for a token that is none of ours, or dead."""
    return Refusal(ErrorCode.NOT_SIGNED_IN, "You are not signed in here.", "Open your invite link again.")


@dataclass(frozen=True, slots=True)
class Admitted:
    """What joining gives: the person, their token, what renews it, and what a browser shows at later joins."""

    caller: Caller
    token: str
    expires_s: int
    renewal: str
    visitor: str


def _name_is_taken(transaction: Transaction, session_id: str, name: str, but: str) -> bool:
    """Whether somebody present has it, or just joined by it, or is one of those who run the session."""
    query = select(PersonRow.id).where(
        PersonRow.session_id == session_id,
        PersonRow.name_key == name_key(name),
        PersonRow.id != but,
        PersonRow.removed_s == 0,
        ~PersonRow.gone,
        or_(
            PersonRow.present,
            PersonRow.joined_s > transaction.now_s - NAME_HELD_S,
            PersonRow.role.in_(WHO_RUNS_IT),
        ),
    )
    return transaction.db.scalar(query.limit(1)) is not None


def _names_of_who_runs_it(transaction: Transaction, session_id: str, but: str) -> list[str]:
    query = select(PersonRow.name).where(
        PersonRow.session_id == session_id,
        PersonRow.role.in_(WHO_RUNS_IT),
        PersonRow.id != but,
        PersonRow.removed_s == 0,
        ~PersonRow.gone,
    )
    return list(transaction.db.scalars(query))


def _free_name(transaction: Transaction, session_id: str, name: str, but: str = "", account: str = "") -> str:
    """The name as it is shown. `but`: the person who wants it, `account`: theirs. Raises Refusal(NAME_TAKEN, …)."""
    shown = clean_name(name)
    if _name_is_taken(transaction, session_id, shown, but):
        raise Refusal(ErrorCode.NAME_TAKEN, f"Somebody here is called {shown} already.", "Choose another name.")
    running = _names_of_who_runs_it(transaction, session_id, but)
    is_host = but == host_id(session_id)
    refuse_borrowed(shown, running, is_host=is_host)
    if not is_host:
        refuse_of_an_account(transaction, shown, but=account)
    return shown


def _new_person(
    transaction: Transaction, session_id: str, id: str, name: str, role: Role, invite: str | None
) -> PersonRow:
    person = PersonRow(
        id=id,
        session_id=session_id,
        name=name,
        name_key=name_key(name),
        role=role.value,
        invite_id=invite,
        since=transaction.at,
        joined_s=transaction.now_s,
        present=False,
        gone=False,
        removed_s=0,
        muted_audio=False,
        muted_video=False,
    )
    transaction.db.add(person)
    transaction.db.flush()
    return person


def _new_token(
    transaction: Transaction,
    person: PersonRow,
    invite_id: str | None,
    visitor: str,
    address: str,
    sign_in_id: str | None = None,
) -> TokenRow:
    token = TokenRow(
        id=new_id("t"),
        person_id=person.id,
        invite_id=invite_id,
        created=transaction.at,
        expires_s=0,
        dead=False,
        sign_in_id=sign_in_id,
        visitor=visitor,
        client=network_of(address),
    )
    transaction.db.add(token)
    return token


def host_of(transaction: Transaction, session_id: str) -> PersonRow:
    """The host's person, made where it is not there yet. Raises Refusal(REMOVED) where an admin kicked them."""
    person = transaction.db.get(PersonRow, host_id(session_id))
    if person is None:
        return _new_person(transaction, session_id, host_id(session_id), HOST_NAME, Role.BROADCASTER, None)
    if person.removed_s:
        raise banned(person) if person.banned else removed()
    person.gone = False
    return person


def _join_as_host(transaction: Transaction, session_id: str, name: str) -> PersonRow:
    person = host_of(transaction, session_id)
    if name:
        person.name = _free_name(transaction, session_id, name, but=person.id)
        person.name_key = name_key(person.name)
    return person


def refuse_the_new(transaction: Transaction, session_id: str, known: str) -> None:
    """Raises Refusal(SESSION_LOCKED) where the session is locked and this person was never in it."""
    person = transaction.db.get(PersonRow, known) if known else None
    if person is not None and person.session_id == session_id:
        return
    if transaction.db.get_one(SessionRow, session_id).locked:
        raise Refusal(
            ErrorCode.SESSION_LOCKED,
            "The session is locked: nobody new can come in.",
            "Ask an admin to unlock it, then open your link again.",
        )


def _join_by_invite(
    transaction: Transaction, secret: str, name: str, *, shown: str, known: str, visitor: str
) -> PersonRow:
    """`shown`: the person of the token that is shown, whatever became of it; `known`: the same while it is alive.

    A token that is dead or has run out tells who somebody was, and makes them nobody: neither the person nor the role
    comes back by it.
    """
    earlier: frozenset[str] = frozenset()
    known_link = transaction.db.scalar(select(InviteRow).where(InviteRow.secret_hash == hash_of(secret)))
    if known_link is not None:
        earlier = been_here(transaction, known_link.session_id, visitor, shown)
        refuse_by_invite(transaction, known_link, name, earlier)
    invite = invites.find(transaction, secret)
    refuse_the_new(transaction, invite.session_id, known)
    person = transaction.db.get(PersonRow, known) if known else None
    if person and (person.session_id != invite.session_id or person.removed_s or person.gone):
        person = None
    if person and invite.role == Role.VIEWER.value and person.role != invite.role:
        return person  # an admin who opens the viewers' link stays an admin
    if person and person.role == invite.role:
        account = person.account_id or ""
        person.name = _free_name(transaction, invite.session_id, name or person.name, but=person.id, account=account)
        person.name_key = name_key(person.name)
    else:
        refuse_the_new(transaction, invite.session_id, "")
        shown = _free_name(transaction, invite.session_id, name)
        person = _new_person(transaction, invite.session_id, new_id("p"), shown, Role(invite.role), invite.id)
        take_over(transaction, earlier, person)
    invite.used += 1
    person.invite_id = invite.id
    person.joined_s = transaction.now_s
    return person


def _join_by_account(transaction: Transaction, who: SignIn, session_id: str, name: str, visitor: str) -> PersonRow:
    """The person of this account, the same one each time: what an admin did to them in the session holds."""
    account = sign_ins.living(transaction, who.id)
    query = select(PersonRow).where(PersonRow.session_id == session_id, PersonRow.account_id == account.id)
    person = transaction.db.scalar(query)
    known = person.id if person else ""
    earlier = been_here(transaction, session_id, visitor, known, role_in(account, session_id))
    refuse_by_account(transaction, session_id, name or account.name, earlier)
    refuse_the_new(transaction, session_id, known)
    wanted = name or (person.name if person is not None else account.name)
    if name_key(wanted) == name_key(account.name):
        take_back(transaction, session_id, account, but=known)
    if person is None:
        shown = _free_name(transaction, session_id, wanted, account=account.id)
        person = _new_person(transaction, session_id, new_id("p"), shown, role_in(account, session_id), None)
        person.account_id = account.id
        take_over(transaction, earlier, person)
    elif name or person.gone:
        person.name = _free_name(transaction, session_id, wanted, but=person.id, account=account.id)
        person.name_key = name_key(person.name)
    person.gone = False
    person.joined_s = transaction.now_s
    return person


class Admission:
    """Joins people and knows them again. `owner_token` is the run token of this start."""

    def __init__(self, record: Record, wall: WallClock, key: bytes, owner_token: str) -> None:
        self._record = record
        self._wall = wall
        self._key = key
        self._owner_token = owner_token
        self._known: dict[str, Caller] = {}
        self._generation = 0

    def is_owner(self, bearer: str) -> bool:
        return same(bearer, self._owner_token)

    def owner(self, address: str) -> Caller:
        """The owner of the machine, by run token."""
        return Caller(OWNER_ID, "Owner", Role.OWNER, "", OWNER_ID, hidden=True, address=address)

    async def join(
        self, *, secret: str, name: str, session_id: str, owner: bool, known_token: str, visitor: str, address: str
    ) -> Admitted:
        """Raises Refusal. `known_token` is what the page's cookie holds: it stays the same person where it can.

        One that ran out, or is dead, tells who somebody was, as `visitor` does: of the browser's other cookie, which
        outlives the persons.
        """
        token_id = self.began_with(known_token) if known_token else None
        is_good = token_id is not None and token_id == self._id_of(known_token)
        cookie = unseal(visitor, self._key)

        def work(transaction: Transaction) -> Admitted:
            token = transaction.db.get(TokenRow, token_id) if token_id else None
            shown = token.person_id if token else ""
            known = shown if token and is_good and not token.dead and transaction.now_s < token.expires_s else ""
            if owner:
                if transaction.db.get(SessionRow, session_id) is None:
                    raise no_session(session_id)
                person = _join_as_host(transaction, session_id, name)
            else:
                person = _join_by_invite(transaction, secret, name, shown=shown, known=known, visitor=cookie)
            if token is None or not known or token.person_id != person.id:
                who = cookie or (token.visitor if token else "") or new_visitor()
                token = _new_token(transaction, person, None if owner else person.invite_id, who, address)
            return self._admit(transaction, person, token, address)

        admitted = await self._record.run(work)
        self.forget()
        return admitted

    async def join_by_account(self, who: SignIn, session_id: str, name: str, visitor: str) -> Admitted:
        """Somebody who is signed in comes in. Raises Refusal."""
        cookie = unseal(visitor, self._key)

        def work(transaction: Transaction) -> Admitted:
            if transaction.db.get(SessionRow, session_id) is None:
                raise no_session(session_id)
            person = _join_by_account(transaction, who, session_id, name, cookie)
            query = select(TokenRow).where(
                TokenRow.person_id == person.id, TokenRow.sign_in_id == who.id, ~TokenRow.dead
            )
            token = transaction.db.scalar(query.limit(1)) or _new_token(
                transaction, person, None, cookie or new_visitor(), who.address, who.id
            )
            return self._admit(transaction, person, token, who.address)

        admitted = await self._record.run(work)
        self.forget()
        return admitted

    def _admit(self, transaction: Transaction, person: PersonRow, token: TokenRow, address: str) -> Admitted:
        admitted = self._issue(transaction, person, token, address)
        endings.heard(transaction, person)
        invite_id = token.invite_id or ""
        transaction.audit(
            person.session_id,
            admitted.caller.sender,
            "joined",
            target=invite_id,
            words="by invite" if invite_id else "by account" if token.sign_in_id else "as owner of the machine",
            address=address,
        )
        return admitted

    def _issue(self, transaction: Transaction, person: PersonRow, token: TokenRow, address: str) -> Admitted:
        """A token with exactly the grants that the person has now."""
        issued_s = transaction.now_s
        grant_ends.require(transaction, person.id, Grant.JOIN)
        token.expires_s = issued_s + SEAT_LIFE_S
        expires_s = issued_s + TOKEN_LIFE_S
        if until_s := grant_ends.join_end_s(transaction, person.id):
            expires_s = min(expires_s, until_s)
        role = Role(person.role)
        invite_id = token.invite_id or ""
        caller = Caller(person.id, person.name, role, person.session_id, token.id, invite_id, address=address)
        grants = grant_ends.grants_of(transaction, person)
        grant = TokenGrant(token.id, person.id, person.name, role, person.session_id, issued_s, expires_s, grants)
        renewal = renewal_of(token.id, self._key)
        return Admitted(caller, sign(grant, self._key), expires_s, renewal, seal(token.visitor, self._key))

    async def renew(self, *, renewal: str, token: str, address: str) -> Admitted:
        """A fresh token of the same id, by a renewal or by a token that is still good. Connections notice nothing.

        It has the grants as they are now. Raises Refusal as `identify`.
        """
        token_id = renewed_id(renewal, self._key) if renewal else self._id_of(token)

        def work(transaction: Transaction) -> Admitted:
            row = transaction.db.get(TokenRow, token_id) if token_id else None
            if row is None or transaction.now_s >= row.expires_s:
                raise not_signed_in()
            self._look_up(transaction, row.id)
            if row.sign_in_id:
                sign_ins.living(transaction, row.sign_in_id)
            return self._issue(transaction, transaction.db.get_one(PersonRow, row.person_id), row, address)

        return await self._record.run(work)

    def _id_of(self, token: str) -> str | None:
        return token_id_of(token, self._key, self._wall.now_ms() // 1000)

    def began_with(self, token: str) -> str | None:
        """The id of a token of ours, also where it has run out since: it tells whose it was, and gives no right."""
        return began_with(token, self._key, self._wall.now_ms() // 1000)

    async def identify(self, token: str, address: str) -> Caller:
        """The person of a bearer or cookie. Raises Refusal(NOT_SIGNED_IN, REMOVED, INVITE_REVOKED)."""
        if self.is_owner(token):
            return self.owner(address)
        token_id = self._id_of(token)
        if token_id is None:
            raise not_signed_in()
        caller = self._known.get(token_id)
        if caller is None:
            generation = self._generation
            caller = await self._record.run(lambda transaction: self._look_up(transaction, token_id))
            if len(self._known) >= CACHE_TOKENS:
                self._known.clear()
            if generation == self._generation:
                self._known[token_id] = caller
        if caller.until_s and self._wall.now_ms() // 1000 >= caller.until_s:
            raise grant_ends.time_over(Grant.JOIN)
        return replace(caller, address=address)

    def _look_up(self, transaction: Transaction, token_id: str) -> Caller:
        token = transaction.db.get(TokenRow, token_id)
        person = transaction.db.get(PersonRow, token.person_id) if token else None
        if token is None or person is None:
            raise not_signed_in()
        if person.removed_s:
            raise banned(person) if person.banned else removed()
        if token.dead:
            invite = transaction.db.get(InviteRow, token.invite_id) if token.invite_id else None
            if invite is not None and invite.revoked:
                raise Refusal(
                    ErrorCode.INVITE_REVOKED, "The invite that you came by was taken back.", "Ask for a new one."
                )
            raise not_signed_in()
        role = Role(person.role)
        visitor = "" if person.account_id else token.visitor
        caller = Caller(person.id, person.name, role, person.session_id, token.id, token.invite_id or "")
        return replace(caller, visitor=visitor, until_s=grant_ends.join_end_s(transaction, person.id))

    async def identify_invite(self, secret: str, address: str) -> Caller:
        """A viewer's invite used as a bearer at /whep: a viewer without a name, not counted. Raises Refusal."""

        def work(transaction: Transaction) -> Caller:
            row = transaction.db.scalar(select(InviteRow).where(InviteRow.secret_hash == hash_of(secret)))
            if row is None or row.role != Role.VIEWER.value:
                raise not_signed_in()
            invites.find(transaction, secret)
            refuse_the_new(transaction, row.session_id, "")
            token_id = f"{BARE_LINK}{row.id}"
            return Caller(token_id, "", Role.VIEWER, row.session_id, token_id, row.id, hidden=True, address=address)

        return await self._record.run(work)

    async def host(self, session_id: str, address: str) -> Caller:
        """The host, for the owner's run token at /whip. Raises Refusal(REMOVED)."""

        def work(transaction: Transaction) -> Caller:
            person = host_of(transaction, session_id)
            return Caller(person.id, person.name, Role.BROADCASTER, session_id, OWNER_ID, address=address)

        return await self._record.run(work)

    async def leave(self, caller: Caller) -> bool:
        """This token is dead from now on; the person is gone where it was their last. False for the owner's."""
        if caller.hidden:
            return False

        def work(transaction: Transaction) -> None:
            transaction.db.execute(update(TokenRow).where(TokenRow.id == caller.token_id).values(dead=True))
            others = select(TokenRow.id).where(TokenRow.person_id == caller.person_id, ~TokenRow.dead).limit(1)
            person = transaction.db.get(PersonRow, caller.person_id)
            if person is not None and transaction.db.scalar(others) is None:
                depart(transaction, person, "left")
                person.gone = True
            transaction.audit(caller.session_id, caller.sender, "left", address=caller.address)

        await self._record.run(work)
        self.forget()
        return True

    def forget(self) -> None:
        """What was looked up may have changed: tokens died, names or roles changed."""
        self._generation += 1
        self._known.clear()
