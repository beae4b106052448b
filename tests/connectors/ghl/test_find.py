"""Looking people up by e-mail and phone."""

from .fake import CONTACT, FakeGhl


def test_a_look_up_compares_for_itself_and_asks_both_ways() -> None:
    fake = FakeGhl()
    fake.put("c1", email="Ann@Example.org")
    fake.put("c2", email="joann@example.org")
    fake.put("c3", email="ann@example.org")
    ghl = fake.open()
    fake._search = lambda _: {"contacts": [fake.contacts["c2"], fake.contacts["c3"]]}
    found = ghl.find(CONTACT, "email", "ANN@example.org", fields=frozenset())
    assert sorted(record.remote_id for record in found) == ["c1", "c3"]
    assert all(record.certain for record in found)
    assert ghl.find(CONTACT, "email", None, fields=frozenset()) == ()


def test_a_phone_is_sent_whole() -> None:
    fake = FakeGhl()
    fake.put("c1", phone="+12025550123")
    fake.hidden.add("c1")
    ghl = fake.open()
    assert ghl.find(CONTACT, "phone", "+12025550123", fields=frozenset()) == []
    asked = [request for request in fake.requests if request.url.path.endswith("duplicate")]
    assert b"number=%2B12025550123" in asked[0].url.query
