"""What clients that others wrote send to Maileon, and how XQueue's PHP client reads the answers.

That client compares the whole content type with four it knows (`MaileonAPIResult`, 1.25.5),
and hands a body that looks like XML to its parser as it came.
"""

import json

import httpx
import pytest
from lxml import etree

from .maileon_client import JSON, XML, Api, contact, many, message, texts

ADA = "/contacts/email/ada@example.org"
READ_AS_XML = {XML, "application/xml", "application/xml;charset=utf-8"}
READ_AS_JSON = {"application/json", JSON}


def result(answer: httpx.Response) -> object:
    """As that client reads it: an element, a value of JSON, or a bare text."""
    kind, body = answer.headers.get("Content-Type"), answer.content
    if not body:
        return None
    if kind in READ_AS_XML:
        if body.strip().startswith(b"<"):
            return etree.fromstring(body)  # not trimmed
        return body.decode()
    return json.loads(body) if kind in READ_AS_JSON else body.decode()


def every_kind_of_answer(api: Api) -> list[httpx.Response]:
    """Contacts, lists, numbers, reports, nothing, and errors of every status there is."""
    known = api.create("ada@example.org", 5, external_id="x")
    api.person("unsubscribe", email="ada@example.org")
    api.create("ada@example.org", 5)
    read = ("/contacts", "/contacts/count", ADA, "/contacts/emails/ada@example.org", "/blacklists")
    others = ("/contacts/fields/custom", "/reports/unsubscriptions", "/contacts/filter/1", "/ping")
    errors = ("/contacts/filter/99", "/nothing", "/contacts?page_size=5000", "/contacts/contact")
    answers = [api.get(path) for path in (*read, *others, *errors)]
    answers.append(api.get("/contacts/email/nobody@example.org"))
    answers.append(api.get("/contacts/email/a%01b@example.org"))
    answers.append(api.get("/contacts", Accept="text/plain"))
    answers.append(api.get("/account/info", Accept="application/xml"))
    answers.append(api.get("/account/info", Accept="application/json"))
    answers.append(api.get("/contacts", Authorization="Basic bm8="))
    answers.append(api.get("/contacts/contact", {"id": known, "ignore_checksum": "true"}))
    answers.append(api.post("/contacts/email/bob@example.org"))
    answers.append(api.post("/contacts/email/cy@example.org", {}, "{}", Content_Type=JSON))
    answers.append(api.post(ADA, {}, "<contact", Content_Type=XML))
    answers.append(api.post("/contacts", {}, many(contact("dee@example.org"), contact("none"))))
    answers.append(api.put("/contacts"))
    answers.append(api.put(ADA))
    answers.append(api.call("DELETE", f"{ADA}/unsubscribe"))
    return answers


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 1])
def test_the_vendors_own_client_can_read_every_answer(share: float) -> None:
    """§1.5, §2.1, §8 row 22."""
    api = Api(quirk_share=share)
    seen = []
    for _ in range(4):
        answers = every_kind_of_answer(api)
        seen += answers
        for answer in answers:
            assert not isinstance(result(answer), str), answer.headers
            assert ("Content-Type" in answer.headers) == bool(answer.content)
            if answer.status_code >= 400 and answer.content:
                assert message(answer) or b"<report>" in answer.content
        api.maileon.account.empty()
        api.maileon.configure({"quirk_share": share})
    kinds = {answer.headers.get("Content-Type") for answer in seen}
    assert ("application/xml;charset=utf-8" in kinds) == (share > 0)
    assert {answer.status_code for answer in seen} >= {200, 201, 400, 401, 404, 405, 406, 501}


def test_a_charset_on_every_answer_is_a_switch() -> None:
    """§1.5: nobody could build on that client if it were so."""
    api = Api(quirk_share=1, charset_everywhere=True)
    assert api.get("/contacts").headers["Content-Type"] == f"{XML};charset=utf-8"
    info = api.get("/account/info", Accept="application/json")
    assert info.headers["Content-Type"] == "application/json;charset=utf-8"
    assert api.get("/nothing").headers["Content-Type"] == f"{XML};charset=utf-8"
    assert "Content-Type" not in api.get("/ping").headers


def test_an_update_without_an_id_is_an_error_or_means_the_address_in_the_body() -> None:
    """§2.4: XQueue's own tests update so, with `id` left out."""
    api = Api(quirk_share=0)
    known = api.create("ada@example.org")
    asked = {"checksum": "", "triggerdoi": "false", "ignore_checksum": "true"}
    body = contact("ada@example.org", CITY="Bern")
    assert api.put("/contacts/contact", asked, body).status_code == 400
    assert api.stored(known)["standard_fields"] == {}
    api.maileon.configure({"put_needs_id": False})
    assert api.put("/contacts/contact", asked, body).status_code == 200
    assert api.stored(known)["standard_fields"] == {"CITY": "Bern"}
    assert api.put("/contacts/contact", asked, contact("bob@example.org")).status_code == 404
    assert api.put("/contacts/contact", asked, "<contact/>").status_code == 404
    wrong = api.put("/contacts/contact", {**asked, "id": "1"}, body)
    assert wrong.status_code == 404


def test_plain_json_on_the_json_of_contacts_is_a_switch() -> None:
    """§1.5: 406 or JSON; no document says."""
    api = Api(quirk_share=0)
    body = '{"standard_fields": {"CITY": "Bern"}}'
    plain = {"Accept": "application/json"}
    assert api.post(ADA, {}, body, Content_Type=JSON, **plain).status_code == 406
    assert api.post(ADA, {}, body, Content_Type="application/json").status_code == 415
    api.maileon.configure({"plain_json": True})
    made = api.post(ADA, {}, body, Content_Type="application/json", **plain)
    assert (made.status_code, made.headers["Content-Type"]) == (201, "application/json")
    assert api.stored(made.json()["id"])["standard_fields"] == {"CITY": "Bern"}
    assert texts(api.post(ADA, {}, body, Content_Type="application/json"), ".") == [
        str(made.json()["id"])
    ]
    assert api.put(ADA, {}, body, Content_Type=JSON, **plain).status_code == 201
    assert api.get("/contacts", **plain).status_code == 406
    xml = api.put("/contacts/contact", {}, body, Content_Type="application/json")
    assert xml.status_code == 415
