"""What goes wrong, by name: the codes of the session server's errors, and the body that carries one."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from studio.media.errors import ErrorKind
from studio.server.rights import Right


class ErrorCode(StrEnum):
    """What scripts and pages branch on; each stands for one HTTP status (studio.server.errors)."""

    BAD_REQUEST = "bad_request"
    TOO_LARGE = "too_large"
    NOT_SIGNED_IN = "not_signed_in"
    BAD_ORIGIN = "bad_origin"
    INVITE_UNKNOWN = "invite_unknown"
    INVITE_SPENT = "invite_spent"
    INVITE_REVOKED = "invite_revoked"
    INVITE_EXPIRED = "invite_expired"
    REMOVED = "removed"
    NO_RIGHT = "no_right"
    NOT_FOUND = "not_found"
    NAME_TAKEN = "name_taken"
    NAME_BAD = "name_bad"
    TEXT_BAD = "text_bad"
    MUTED = "muted"
    TIME_OVER = "time_over"
    TOO_FAST = "too_fast"
    TOO_MANY = "too_many"
    ID_USED = "id_used"
    ALREADY_LIVE = "already_live"
    SESSION_STOPPED = "session_stopped"
    SESSION_LOCKED = "session_locked"
    MEDIA_REFUSED = "media_refused"
    MEDIA_AWAY = "media_away"
    SHARE_FAILED = "share_failed"
    DATABASE_AWAY = "database_away"
    SIGN_IN_WRONG = "sign_in_wrong"
    LOGIN_TAKEN = "login_taken"
    LOGIN_BAD = "login_bad"
    PASSWORD_BAD = "password_bad"
    ACCOUNT_DISABLED = "account_disabled"
    LAST_ADMIN = "last_admin"
    RESET_GONE = "reset_gone"
    PLAN_BAD = "plan_bad"
    PLAN_CHANGED = "plan_changed"
    TOO_EARLY = "too_early"
    INTERNAL = "internal"


class ErrorBody(BaseModel):
    """Every error's body. `message` and `remedy` are sentences for the person. `right`: which one is missing, where the
    person's role has it not.
    """

    model_config = ConfigDict(frozen=True)

    code: ErrorCode
    message: str
    kind: ErrorKind
    remedy: str = ""
    right: Right | None = None
