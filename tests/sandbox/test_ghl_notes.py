"""Notes of contacts (4.1): the routes, the editor of the screens, a merge and a delete."""

from typing import Any

import pytest

from .ghl_client import NOW, Api, lines

PLAIN = "Tom & Ann\n  called <twice>"


def with_note(**settings: Any) -> tuple[Api, str, str]:
    """A contact with one note that a program wrote."""
    api = Api(**settings)
    contact = api.create(email="ada@example.org")
    made = api.send("POST", f"/contacts/{contact}/notes", {"body": PLAIN})
    assert made.status_code == 201, made.text
    return api, contact, made.json()["note"]["id"]


def note(api: Api, contact: str, id_: str) -> dict[str, Any]:
    answer = api.send("GET", f"/contacts/{contact}/notes/{id_}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()["note"]
    return shown


def test_a_note_lives_through_all_its_calls() -> None:
    """4.1: 201 with the note, a list without pages, 200 for PUT, `succeded` (gotcha 22)."""
    api, contact, id_ = with_note()
    place = f"/contacts/{contact}/notes"
    assert note(api, contact, id_) == {
        "id": id_,
        "body": PLAIN,
        "userId": None,
        "dateAdded": "2026-11-20T11:30:15.250Z",
        "contactId": contact,
        "title": None,
        "color": None,
        "pinned": False,
    }
    user = api.ghl.agency.main.users[1].id
    rest = {"userId": user, "title": "Call", "color": "#FFAA00", "pinned": True}
    changed = api.send("PUT", f"{place}/{id_}", rest)
    assert changed.json()["note"] == note(api, contact, id_)
    assert {name: note(api, contact, id_)[name] for name in rest} == rest
    assert note(api, contact, id_)["body"] == PLAIN
    second = api.send("POST", place, {"body": "second"}).json()["note"]["id"]
    listed = api.send("GET", place).json()["notes"]
    assert [one["id"] for one in listed] == [second, id_]
    gone = api.send("DELETE", f"{place}/{id_}")
    assert (gone.status_code, gone.json()["succeded"]) == (200, True)
    assert [one["id"] for one in api.send("GET", place).json()["notes"]] == [second]
    assert api.box.world.writes["ghl"] == 5


def test_an_edit_leaves_no_time_behind() -> None:
    """4.1, section 9: no dateUpdated, and `dateAdded` stays; only the content tells."""
    api, contact, id_ = with_note()
    before = note(api, contact, id_)
    api.later(60)
    api.send("PUT", f"/contacts/{contact}/notes/{id_}", {"body": "other"})
    assert note(api, contact, id_) == {**before, "body": "other"}


@pytest.mark.parametrize("bumps", [True, False])
def test_whether_a_note_moves_its_contact_is_a_switch(bumps: bool) -> None:
    """12 row 3."""
    api, contact, id_ = with_note(bump_on_children=bumps)
    before = api.get(contact)["dateUpdated"]
    for method, body in (("PUT", {"body": "x"}), ("DELETE", None)):
        api.later(60)
        api.send(method, f"/contacts/{contact}/notes/{id_}", body)
        assert (api.get(contact)["dateUpdated"] > before) is bumps
        before = api.get(contact)["dateUpdated"]


def test_posting_a_note_twice_makes_two() -> None:
    """4.4: no idempotency key anywhere in the API."""
    api, contact, _ = with_note()
    api.send("POST", f"/contacts/{contact}/notes", {"body": PLAIN})
    assert [
        one["body"] for one in api.send("GET", f"/contacts/{contact}/notes").json()["notes"]
    ] == [
        PLAIN,
        PLAIN,
    ]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({}, "body should not be empty"),
        ({"body": ""}, "body should not be empty"),
        ({"body": None}, "body should not be empty"),
        ({"body": 5}, "body should not be empty"),
        ({"body": "x", "contactId": "c"}, "property contactId should not exist"),
        ({"body": "x", "dateAdded": "2026-01-01"}, "property dateAdded should not exist"),
        ({"body": "x", "color": "red"}, "color must be a hexadecimal color"),
        ({"body": "x", "pinned": "yes"}, "pinned must be a boolean value"),
        ({"body": "x", "title": None}, "title must be a string"),
        ({"body": "x", "userId": 4}, "userId must be a string"),
    ],
)
def test_bodies_are_validated(body: dict[str, Any], line: str) -> None:
    """Section 0: a strict validator; never echo a GET body back."""
    api, contact, id_ = with_note()
    assert lines(api.send("POST", f"/contacts/{contact}/notes", body)) == [line]
    assert len(api.ghl.agency.main.notes.by_id) == 1
    if body:
        assert lines(api.send("PUT", f"/contacts/{contact}/notes/{id_}", body)) == [line]
        assert note(api, contact, id_)["body"] == PLAIN


def test_null_and_the_empty_string_clear_as_the_switches_say() -> None:
    """12 row 6."""
    api, contact, id_ = with_note(clear_not_nullable=True)
    place = f"/contacts/{contact}/notes/{id_}"
    api.send("PUT", place, {"title": "a", "color": "#fff"})
    cleared = api.send("PUT", place, {"title": "", "color": None}).json()["note"]
    assert (cleared["title"], cleared["color"]) == (None, None)
    assert lines(api.send("PUT", place, {"body": None})) == ["body should not be empty"]
    api.ghl.configure({"empty_string_clears": False})
    assert api.send("PUT", place, {"title": ""}).json()["note"]["title"] == ""


METHODS = ("GET", "PUT", "DELETE")


@pytest.mark.parametrize("status", [404, 400])
@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_note_is_a_404_or_by_a_switch_a_400(method: str, status: int) -> None:
    """0.1, T4; the description names only 400. A note of somebody else is unknown here."""
    api, _, id_ = with_note(missing_child=str(status))
    other = api.create(email="bob@example.org")
    for wanted in ("x", id_):
        answer = api.send(method, f"/contacts/{other}/notes/{wanted}", {"body": "x"})
        assert lines(answer, status) == [f"Note with id {wanted} not found"]
    assert api.ghl.agency.main.notes.by_id[id_].body == PLAIN


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("GET", "/{id}"), ("PUT", "/{id}"), ("DELETE", "/{id}")],
)
def test_the_notes_of_nobody_are_a_400(method: str, path: str) -> None:
    """Gotcha 14: as for the contact itself, also once it is deleted."""
    api, contact, id_ = with_note()
    api.send("DELETE", f"/contacts/{contact}")
    answer = api.send(
        method, f"/contacts/{contact}/notes{path}".replace("{id}", id_), {"body": "x"}
    )
    assert lines(answer, 400) == [f"Contact with id {contact} not found"]


def test_a_location_in_the_query_is_refused_and_anothers_contact_is_a_403() -> None:
    """Section 0, T11; 0.1."""
    api, contact, id_ = with_note()
    for path in (f"/contacts/{contact}/notes", f"/contacts/{contact}/notes/{id_}"):
        answer = api.send("GET", path, locationId=api.location)
        assert lines(answer) == ["property locationId should not exist"]
    api.http.headers["Authorization"] = f"Bearer {api.info['other_location']['token']}"
    answer = api.send("GET", f"/contacts/{contact}/notes", locationId=api.location)
    assert lines(answer, 403) == ["The token does not have access to this location."]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "", "contacts.readonly"),
        ("POST", "", "contacts.write"),
        ("GET", "/x", "contacts.readonly"),
        ("PUT", "/x", "contacts.write"),
        ("DELETE", "/x", "contacts.write"),
    ],
)
def test_reading_and_writing_notes_need_their_scopes(method: str, path: str, scope: str) -> None:
    """1.7."""
    api, contact, _ = with_note()
    other = {"contacts.readonly", "contacts.write"} - {scope}
    for scopes, lacks in ((other, True), ({scope}, False)):
        token = api.act("make_token", scopes=sorted(scopes))["token"]
        api.http.headers["Authorization"] = f"Bearer {token}"
        answer = api.send(method, f"/contacts/{contact}/notes{path}", {"body": "x"})
        assert (answer.status_code == 401) is lacks
        if lacks:
            assert lines(answer, 401) == ["The token is not authorized for this scope."]


def test_who_is_nobody_of_the_location_is_silently_not_the_author() -> None:
    """3.12, T6: accepted with 201 and not added."""
    api, contact, _ = with_note()
    stranger = api.ghl.agency.branch.users[0].id
    made = api.send("POST", f"/contacts/{contact}/notes", {"body": "x", "userId": stranger})
    assert (made.status_code, made.json()["note"]["userId"]) == (201, None)


def test_under_v3_the_answer_to_a_delete_is_spelled_both_ways() -> None:
    """Section 8; gotcha 22."""
    api, contact, id_ = with_note()
    api.http.headers["Version"] = "v3"
    body = api.send("DELETE", f"/contacts/{contact}/notes/{id_}").json()
    assert (body["succeeded"], body["succeded"]) == (True, True)


def test_people_write_html_and_programs_what_they_send() -> None:
    """4.1, T25."""
    api, contact, id_ = with_note()
    typed = 'Tom & Ann\nsay  "hi"\n\n- one <1>\n- two\n\nsee https://example.org/?a=1&b=2 soon'
    made = api.act("add_note", id=contact, text=typed, title="Call")["note"]
    link = 'target="_blank" rel="noopener noreferrer nofollow"'
    assert made["body"] == (
        "<p>Tom &amp; Ann<br>say &nbsp;&quot;hi&quot;</p>"
        "<ul><li><p>one &lt;1&gt;</p></li><li><p>two</p></li></ul>"
        f'<p>see <a {link} href="https://example.org/?a=1&amp;b=2">https://example.org/?a=1&amp;b=2'
        "</a> soon</p>"
    )
    assert (made["title"], made["userId"]) == ("Call", api.ghl.agency.main.users[0].id)
    assert note(api, contact, made["id"]) == made
    assert note(api, contact, id_)["body"] == PLAIN
    file = {"name": "a&b.pdf", "url": "https://files.example.org/1"}
    sent = api.act("add_note", id=contact, attachments=[file])["note"]
    assert sent["body"] == (f'<p><a {link} href="https://files.example.org/1">a&amp;b.pdf</a></p>')


def test_what_a_program_wrote_is_html_once_a_person_saved_it() -> None:
    """4.1, T25: without any change of its words."""
    api, _, id_ = with_note()
    saved = api.act("edit_note", note=id_, pinned=True)["note"]
    assert saved["body"] == "<p>Tom &amp; Ann<br> &nbsp;called &lt;twice&gt;</p>"
    assert saved["pinned"] is True
    assert api.act("edit_note", note=id_)["note"] == saved
    assert api.act("edit_note", note=id_, text="new", title="t")["note"]["body"] == "<p>new</p>"
    assert api.act("edit_note", note=id_, html="<h1>x</h1>", title=None)["note"]["title"] is None
    assert api.act("delete_note", note=id_) == {"id": id_}
    assert api.ghl.children() == {}


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("add_note", {"email": "ada@example.org"}),
        ("add_note", {"email": "nobody@example.org", "text": "x"}),
        ("add_note", {"email": "ada@example.org", "text": 5}),
        ("add_note", {"email": "ada@example.org", "text": "x", "color": "red"}),
        ("add_note", {"email": "ada@example.org", "attachments": [{"name": "x"}]}),
        ("add_note", {"email": "ada@example.org", "attachments": "x"}),
        ("edit_note", {"note": "x", "text": "y"}),
        ("edit_note", {"text": "y"}),
        ("delete_note", {"note": []}),
        ("delete_note", {"note": "x", "location": []}),
    ],
)
def test_what_nobody_can_do_with_a_note_is_a_value_error(
    action: str, arguments: dict[str, Any]
) -> None:
    api, _, _ = with_note()
    before = api.ghl.children()
    with pytest.raises(ValueError, match=r"`|no note|no contact|color|location"):
        api.act(action, **arguments)
    assert api.ghl.children() == before


def test_a_merge_hands_the_notes_of_the_loser_to_the_winner() -> None:
    """Unverified; 3.7: the loser is not found any more."""
    api, loser, id_ = with_note()
    winner = api.create(email="bob@example.org")
    own = api.act("add_note", id=winner, text="own")["note"]
    before = note(api, loser, id_)
    api.act("merge", id=winner, loser=loser)
    assert api.ghl.children() == {
        winner: {"notes": [own, {**before, "contactId": winner}], "tasks": [], "appointments": []}
    }
    assert note(api, winner, id_) == {**before, "contactId": winner}
    assert api.send("GET", f"/contacts/{loser}/notes").status_code == 400


def test_with_a_contact_its_notes_are_gone() -> None:
    api, contact, _ = with_note()
    other = api.create(email="bob@example.org")
    kept = api.act("add_note", id=other, text="own")["note"]
    api.act("delete", id=contact)
    assert api.ghl.children() == {other: {"notes": [kept], "tasks": [], "appointments": []}}
    api.act("restore", id=contact)
    assert api.send("GET", f"/contacts/{contact}/notes").json()["notes"] == []


def test_what_belongs_to_contacts_is_shown_by_control() -> None:
    api, contact, id_ = with_note()
    answer = api.http.get("http://sandbox.test/_control/ghl/children")
    assert answer.json() == {
        contact: {"notes": [note(api, contact, id_)], "tasks": [], "appointments": []}
    }
    assert api.http.get("http://sandbox.test/_control/maileon/children").json() == {}
    assert NOW.isoformat()[:10] in note(api, contact, id_)["dateAdded"]
