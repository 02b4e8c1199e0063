"""The audit log as it is read: filtered, exported as CSV that no spreadsheet calculates, and for admins only."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from studio.server import routes_audit
from studio.server.audit_csv import harmless
from studio.server.messages import Sender
from studio.server.rights import Role
from tests.fakes.server_house import Place

AUDIT = "/api/v1/sessions/studio/audit"
LINES = [
    # minute, who, role, action, outcome, whom
    (0, "Ada", "admin", "kick", "done", "Çelik_%"),
    (1, "Ada", "admin", "invite.made", "done", ""),
    (2, "Tom", "admin", "invite.revoked", "done", ""),
    (3, '=HYPERLINK("http://x")', "viewer", "stop", "refused", ""),
    (4, "Tom", "admin", "stop", "effective", "Ada"),
]


async def write(place: Place) -> None:
    await place.owner("GET", "/api/v1/me")
    for minute, name, role, action, outcome, whom in LINES:
        place.wall.ms = 1_795_220_000_000 + minute * 60_000
        sender = Sender(id=f"p_{name[:3].lower()}", name=name, role=Role(role))
        await place.house.record.run(
            lambda t, s=sender, a=action, o=outcome, w=whom: t.audit(
                "studio", s, a, outcome=o, target_name=w, words='"a",\r\nb'
            )
        )


async def asked(place: Place, **query: Any) -> list[int]:
    """The minutes of the lines that come."""
    answer = await place.owner("GET", AUDIT, params={"limit": 2, **query})
    assert answer.status_code == 200, answer.text
    found = answer.json()["entries"]
    while answer.json()["more"]:
        answer = await place.owner("GET", AUDIT, params={"limit": 2, **query, "after": found[-1]["number"]})
        found += answer.json()["entries"]
    return [int(line["at"][14:16]) - 13 for line in found if line["words"] == '"a",\r\nb']


async def test_each_filter_lets_through_what_it_names_and_they_add_up(place: Place) -> None:
    await write(place)
    assert await asked(place) == [0, 1, 2, 3, 4]
    assert await asked(place, person="tom") == [2, 4]
    assert await asked(place, person="p_ada") == [0, 1]
    assert await asked(place, person="ada") == [0, 1, 4]
    assert await asked(place, person="çEL") == [0]
    assert await asked(place, person="_%") == [0], "a sign of the database's own was taken for one"
    assert await asked(place, action="invite") == [1, 2]
    assert await asked(place, action="invite.made") == [1]
    assert await asked(place, action="inv") == []
    assert await asked(place, outcome="refused") == [3]
    assert await asked(place, since="2026-11-21T00:15:20Z") == [2, 3, 4]
    assert await asked(place, until="2026-11-21T01:15:20+01:00") == [0, 1, 2]
    assert await asked(place, since="0999-01-01T00:00:00Z", until="9999-12-31T23:59:59Z") == [0, 1, 2, 3, 4]
    assert await asked(place, person="tom", action="stop", outcome="effective", since="2026-11-21T00:00:00Z") == [4]
    assert await asked(place, person="x' OR '1'='1") == []
    assert await asked(place, person="a\0") == []


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"since": "2026-11-21T00:00:00"},
        {"since": "9999-12-31T23:59:59-14:00"},
        {"until": "9999-12-31T23:59:59.9999Z"},
        {"until": "0001-01-01T00:00:00+14:00"},
        {"person": "x" * 101},
    ],
)
async def test_a_filter_that_cannot_be_is_refused_in_words(place: Place, query: dict[str, str]) -> None:
    for path in (AUDIT, f"{AUDIT}.csv"):
        answer = await place.owner("GET", path, params=query)
        assert answer.status_code == 400 and answer.json()["code"] == "bad_request", answer.text


async def test_the_export_has_every_line_that_the_filter_lets_through(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_audit, "LINES_AT_ONCE", 2)
    await write(place)
    listed = await place.audit()
    answer = await place.owner("GET", f"{AUDIT}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-studio.csv"'
    assert answer.text.endswith("\r\n") and '"""a"",\r\nb"' in answer.text
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    plain = [{name: cell.removeprefix("'") for name, cell in line.items()} for line in lines]
    assert plain == [{name: "" if cell is None else str(cell) for name, cell in line.items()} for line in listed]
    assert lines[-2]["actor_name"] == '\'=HYPERLINK("http://x")'
    some = list(csv.DictReader(io.StringIO((await place.owner("GET", f"{AUDIT}.csv?person=tom")).text, newline="")))
    assert [line["action"] for line in some] == ["invite.revoked", "stop"]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n", " =1", "＝1", "'", "'=1"])
def test_no_cell_can_be_taken_for_a_formula(cell: str) -> None:
    assert harmless(cell) == "'" + cell
    assert harmless("Ann=1") == "Ann=1" and harmless("") == ""


async def test_only_those_who_may_read_it_get_it(place: Place) -> None:
    for role in ("viewer", "broadcaster"):
        person = await (place.host() if role == "broadcaster" else place.join("Bob", role))
        for path in (AUDIT, f"{AUDIT}.csv"):
            answer = await person.call("GET", path)
            assert (answer.status_code, answer.json()["code"]) == (403, "no_right")
    ada = await place.join("Ada", "admin")
    for path in (AUDIT, f"{AUDIT}.csv"):
        assert (await ada.call("GET", path)).status_code == 200
        assert (await place.call("GET", path)).status_code == 401
        assert (await ada.call("GET", path.replace("studio", "other"))).status_code == 404
