"""The viewer's and the admin's page, and what they load; all from the package's own `resources/web`."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from studio.server.api import FIRST_SESSION, ErrorCode
from studio.server.errors import Refusal

LONGEST_NAME = 200
router = APIRouter(include_in_schema=False)
MEDIA_TYPES = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
    "woff2": "font/woff2",
    "webmanifest": "application/manifest+json",
}


def _web() -> Traversable:
    return files("resources") / "web"


def _missing() -> Refusal:
    return Refusal(ErrorCode.NOT_FOUND, "There is no such page.", "Check the link.")


def _page(name: str) -> Response:
    page = _web() / name
    if not page.is_file():
        raise Refusal(ErrorCode.INTERNAL, f"The page {name} is missing from this installation.", "Install Stoa again.")
    return Response(page.read_bytes(), media_type="text/html; charset=utf-8")


@router.get("/")
async def front() -> Response:
    """The one session."""
    return RedirectResponse(f"/watch/{FIRST_SESSION}", status_code=307)


@router.get("/watch/{session}")
async def watch(session: str) -> Response:
    """The viewer's page; which session it is, it reads from its own address."""
    return _page("watch.html")


@router.get("/admin")
async def admin() -> Response:
    """The admin's page."""
    return _page("admin.html")


@router.get("/sign-in")
async def sign_in() -> Response:
    """Signing in with an account, making one, and what its holder can do about it."""
    return _page("sign-in.html")


@router.get("/favicon.ico")
async def icon() -> Response:
    """Browsers ask for it unasked."""
    icon = _web() / "favicon.ico"
    return Response(icon.read_bytes(), media_type=MEDIA_TYPES["ico"]) if icon.is_file() else Response(status_code=204)


@router.get("/static/{path:path}")
async def static(path: str) -> Response:
    """Scripts, styles and pictures."""
    parts = path.split("/")
    kind = MEDIA_TYPES.get(path.rpartition(".")[2])
    if (
        kind is None
        or len(path) > LONGEST_NAME
        or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)
    ):
        raise _missing()
    try:
        found = _web().joinpath(*parts)
        if not found.is_file():
            raise _missing()
        return Response(found.read_bytes(), media_type=kind)
    except (OSError, ValueError) as cause:  # a name that no file system takes, one with a NUL in it
        raise _missing() from cause
