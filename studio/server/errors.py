"""Errors of the session server: a StoaError with a code that pages and scripts branch on, and its HTTP status."""

from __future__ import annotations

from types import MappingProxyType

from studio.media.errors import ErrorKind, StoaError
from studio.server.api import ErrorBody, ErrorCode
from studio.server.rights import Right

MEANING = MappingProxyType(
    {
        ErrorCode.BAD_REQUEST: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.TOO_LARGE: (413, ErrorKind.BAD_ARGUMENT),
        ErrorCode.NOT_SIGNED_IN: (401, ErrorKind.DENIED),
        ErrorCode.BAD_ORIGIN: (403, ErrorKind.DENIED),
        ErrorCode.INVITE_UNKNOWN: (403, ErrorKind.DENIED),
        ErrorCode.INVITE_SPENT: (403, ErrorKind.DENIED),
        ErrorCode.INVITE_REVOKED: (403, ErrorKind.DENIED),
        ErrorCode.INVITE_EXPIRED: (403, ErrorKind.DENIED),
        ErrorCode.REMOVED: (403, ErrorKind.DENIED),
        ErrorCode.NO_RIGHT: (403, ErrorKind.DENIED),
        ErrorCode.NOT_FOUND: (404, ErrorKind.NOT_FOUND),
        ErrorCode.NAME_TAKEN: (409, ErrorKind.CONFLICT),
        ErrorCode.NAME_BAD: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.TEXT_BAD: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.MUTED: (403, ErrorKind.DENIED),
        ErrorCode.TIME_OVER: (403, ErrorKind.DENIED),
        ErrorCode.TOO_FAST: (429, ErrorKind.BUSY),
        ErrorCode.TOO_MANY: (429, ErrorKind.BUSY),
        ErrorCode.ID_USED: (409, ErrorKind.CONFLICT),
        ErrorCode.ALREADY_LIVE: (409, ErrorKind.CONFLICT),
        ErrorCode.SESSION_STOPPED: (403, ErrorKind.DENIED),
        ErrorCode.SESSION_LOCKED: (403, ErrorKind.DENIED),
        ErrorCode.MEDIA_REFUSED: (406, ErrorKind.REFUSED),
        ErrorCode.MEDIA_AWAY: (503, ErrorKind.UNREACHABLE),
        ErrorCode.SHARE_FAILED: (409, ErrorKind.CONFLICT),
        ErrorCode.SIGN_IN_WRONG: (403, ErrorKind.DENIED),
        ErrorCode.LOGIN_TAKEN: (409, ErrorKind.CONFLICT),
        ErrorCode.LOGIN_BAD: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.PASSWORD_BAD: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.ACCOUNT_DISABLED: (403, ErrorKind.DENIED),
        ErrorCode.LAST_ADMIN: (409, ErrorKind.CONFLICT),
        ErrorCode.RESET_GONE: (403, ErrorKind.DENIED),
        ErrorCode.DATABASE_AWAY: (503, ErrorKind.UNREACHABLE),
        ErrorCode.PLAN_BAD: (400, ErrorKind.BAD_ARGUMENT),
        ErrorCode.PLAN_CHANGED: (409, ErrorKind.CONFLICT),
        ErrorCode.TOO_EARLY: (403, ErrorKind.DENIED),
        ErrorCode.INTERNAL: (500, ErrorKind.INTERNAL),
    }
)


class Refusal(StoaError):
    """Something asked of the server that it will not do, with the words that the asker reads."""

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        remedy: str = "",
        *,
        status: int = 0,
        kind: ErrorKind | None = None,
        retry_after_s: int = 0,
        right: Right | None = None,
    ) -> None:
        usual_status, usual_kind = MEANING[code]
        super().__init__(kind or usual_kind, message, remedy=remedy)
        self.code = code
        self.status = status or usual_status
        self.retry_after_s = retry_after_s
        self.right = right

    def body(self) -> ErrorBody:
        """What goes over the line."""
        return ErrorBody(code=self.code, message=self.message, kind=self.kind, remedy=self.remedy, right=self.right)
