"""The heads of the two pages: written out in each, since pages are served as they are read, and held together here."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "resources" / "web"
PAGES = ("watch", "admin")
IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']\./([\w-]+\.js)["']""", re.MULTILINE)


def head(page: str) -> list[str]:
    text = (WEB / f"{page}.html").read_text(encoding="utf-8")
    return [line.strip() for line in text.partition("<head>")[2].partition("</head>")[0].strip().splitlines()]


def imported(module: str, seen: set[str]) -> set[str]:
    """The modules that a script brings along, directly or not."""
    for found in IMPORT.findall(module_text(module)):
        if found not in seen:
            seen.add(found)
            imported(found, seen)
    return seen


def module_text(module: str) -> str:
    return (WEB / "js" / module).read_text(encoding="utf-8")


def test_both_say_the_same_but_for_title_style_and_script() -> None:
    def common(page: str) -> list[str]:
        own = ("<title>", "<script", f'<link rel="stylesheet" href="/static/css/{page}.css">', '<link rel="modulepre')
        return [line for line in head(page) if not line.startswith(own)]

    assert common("watch") == common("admin") and len(common("watch")) > 8


@pytest.mark.parametrize("page", [*PAGES, "sign-in"])
def test_a_page_asks_at_once_for_every_module_that_its_script_will_need(page: str) -> None:
    asked = re.findall(r'<link rel="modulepreload" href="/static/js/([\w-]+\.js)">', "\n".join(head(page)))
    assert sorted(asked) == sorted(imported(f"{page}.js", set()))
