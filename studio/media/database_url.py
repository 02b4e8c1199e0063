"""PostgreSQL's URL taken apart, and as a person may read it: it holds a password, which is never shown."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qs, urlsplit

SCHEMES = ("postgresql", "postgres")


def parts_of(url: str) -> SplitResult | None:
    """None for what is no URL of a PostgreSQL database."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in SCHEMES and (len(parts.path) > 1 or "dbname" in parse_qs(parts.query))
        return parts if valid and parts.port != 0 else None
    except ValueError:
        return None


def shown(url: str) -> str:
    """The URL as a person may read it: who, where and which, no password."""
    parts = parts_of(url)
    if parts is None:
        return "postgresql://…"
    query = parse_qs(parts.query)
    host = parts.hostname or query.get("host", ["this machine"])[0]
    port = f":{parts.port}" if parts.port else ""
    name = parts.path.removeprefix("/") or query["dbname"][0]
    return f"{name} at {host}{port}"
