"""The incremental feed (maileon.md §3.1) and what it does not tell (§0 row 2, §3.2)."""

import pytest

from .maileon_client import Api, contact, texts, tree

AT = "2026-11-20 12:30:15"  # NOW on the server's clock


def changed(api: Api, after: str) -> list[str | None]:
    return texts(api.get("/contacts", {"updated_after": after}), "contact/email")


def test_after_is_strict_and_local() -> None:
    """§3.1, U1, §8 row 12: a change of the very second is not shown."""
    api = Api()
    api.create("ada@example.org")
    assert changed(api, "2026-11-20 12:30:14") == ["ada@example.org"]
    assert changed(api, AT) == []
    assert tree(api.get("/contacts/count", {"updated_after": AT})).text == "0"
    assert tree(api.get("/contacts/count")).text == "1"


def test_the_parameter_may_be_read_in_another_zone_than_times_are_shown_in() -> None:
    """U1: neither zone is documented."""
    api = Api(updated_after_zone="UTC")
    api.create("ada@example.org")
    assert changed(api, "2026-11-20 11:30:14") == ["ada@example.org"]
    assert changed(api, "2026-11-20 11:30:15") == []


def test_the_hour_that_comes_twice_is_ambiguous() -> None:
    """§3.1: in the autumn two moments look the same, and the first one is meant."""
    api = Api()
    api.create("ada@example.org")
    api.world.clock.freeze(api.world.clock.now().replace(month=10, day=25, hour=1, minute=30))
    api.create("later@example.org")  # 01:30 UTC is 02:30 for the second time
    assert texts(api.get("/contacts"), "contact/updated")[1] == "2026-10-25 02:30:15.0"
    assert "later@example.org" in changed(api, "2026-10-25 02:45:00")


@pytest.mark.parametrize(
    "text", ["2026-11-20", "0", "", "2026-11-20T12:30:15", "yesterday at 12 h"]
)
def test_another_format_is_refused(text: str) -> None:
    """§3.1: `Y-m-d H:i:s`."""
    assert Api().get("/contacts", {"updated_after": text}).status_code == 400


def test_who_left_simply_disappears() -> None:
    """§0 row 2, §3.2: no tombstone for opt-outs and hard deletes."""
    api = Api()
    for name in ("ada", "bob", "cyd"):
        api.create(f"{name}@example.org")
    api.later(minutes=1)
    api.person("delete", email="ada@example.org")
    api.person("unsubscribe", email="bob@example.org")
    assert changed(api, "2026-11-20 12:00:00") == ["cyd@example.org"]
    assert changed(api, AT) == []


def test_a_departure_between_two_pages_hides_somebody() -> None:
    """§3.1 step 3, U3: offset paging skips a row when one before it goes."""
    api = Api()
    for name in ("ada", "bob", "cyd", "dan"):
        api.create(f"{name}@example.org")
    first = texts(api.get("/contacts", {"page_size": "2"}), "contact/email")
    api.person("delete", email="ada@example.org")
    answer = api.get("/contacts", {"page_size": "2", "page_index": "2"})
    assert first + texts(answer, "contact/email") == [
        "ada@example.org",
        "bob@example.org",
        "dan@example.org",
    ]
    assert answer.headers["X-Items"] == "3"


@pytest.mark.parametrize("order", ["id", "newest", "updated", "shuffled"])
def test_any_order_shows_everybody_once(order: str) -> None:
    """§2.2, U3: there is no ordering to rely on."""
    api = Api(list_order=order)
    for number in range(20):
        api.create(f"p{number}@example.org")
        api.later(seconds=1)
    api.person("edit", email="p3@example.org", standard_fields={"CITY": "Portland"})
    shown: list[str | None] = []
    for page in range(1, 5):
        answer = api.get("/contacts", {"page_size": "6", "page_index": str(page)})
        shown += texts(answer, "contact/email")
    assert sorted(map(str, shown)) == sorted(api.emails())
    assert shown[0] == {
        "id": "p0@example.org",
        "newest": "p19@example.org",
        "updated": "p0@example.org",
    }.get(order, shown[0])


def test_our_own_writes_show_in_the_feed() -> None:
    """§3.1: echo."""
    api = Api()
    contact_id = api.create("ada@example.org")
    api.later(minutes=1)
    api.put(
        "/contacts/contact",
        {"id": str(contact_id), "ignore_checksum": "true"},
        contact(CITY="Portland"),
    )
    assert changed(api, AT) == ["ada@example.org"]


@pytest.mark.parametrize("bumps", [False, True])
def test_an_identical_write_moves_updated_only_if_set(bumps: bool) -> None:
    """U2."""
    api = Api(bump_on_identical_write=bumps)
    api.bulk(contact("ada@example.org", CITY="Portland"))
    api.later(minutes=1)
    api.bulk(contact("ada@example.org", CITY="Portland"))
    assert changed(api, AT) == (["ada@example.org"] if bumps else [])


@pytest.mark.parametrize("bumps", [False, True])
def test_a_permission_or_external_id_moves_updated_only_if_set(bumps: bool) -> None:
    """U2."""
    api = Api(bump_on_permission=bumps, bump_on_external_id=bumps)
    ids = [str(api.create(f"{name}@example.org", 1)) for name in ("ada", "bob")]
    api.later(minutes=1)
    by_id = "/contacts/contact"
    api.put(by_id, {"id": ids[0], "ignore_checksum": "true", "permission": "2"})
    api.put(by_id, {"id": ids[1], "ignore_checksum": "true"}, contact(external_id="x"))
    assert changed(api, AT) == (["ada@example.org", "bob@example.org"] if bumps else [])


def test_blocks_and_bounces_do_not_move_updated_by_default() -> None:
    """U2."""
    api = Api()
    api.create("ada@example.org")
    api.later(minutes=1)
    api.person("bounce", email="ada@example.org", blocks=True)
    assert changed(api, AT) == []


def test_a_change_is_found_however_often_it_moves() -> None:
    api = Api()
    for number in range(5):
        api.create(f"p{number}@example.org")
    for _ in range(2000):
        api.later(seconds=1)
        api.person("edit", email="p2@example.org", standard_fields={"CITY": "Portland"})
    assert changed(api, AT) == ["p2@example.org"]
    assert changed(api, "2026-11-20 12:30:14") == [f"p{n}@example.org" for n in range(5)]


def test_the_same_question_asked_again_sees_what_changed_since() -> None:
    api = Api()
    for name in ("ada", "bob"):
        api.create(f"{name}@example.org")
    api.later(minutes=1)
    assert changed(api, AT) == []
    api.person("edit", email="ada@example.org", standard_fields={"CITY": "Portland"})
    assert changed(api, AT) == ["ada@example.org"]
    api.person("edit", email="bob@example.org", standard_fields={"CITY": "Portland"})
    assert changed(api, AT) == ["ada@example.org", "bob@example.org"]


def test_a_change_of_a_custom_field_or_of_consent_alone_moves_updated() -> None:
    """§2.5, U2: also the permission that bulk overrides while it ignores existing contacts."""
    api = Api()
    api.person("create_custom_field", name="phone")
    for name in ("ada", "bob"):
        api.create(f"{name}@example.org")
    api.later(minutes=1)
    api.bulk(contact("ada@example.org", phone="+12015550100"))
    api.bulk(contact("bob@example.org"), sync_mode="2", override_permission="true")
    assert changed(api, AT) == ["ada@example.org", "bob@example.org"]
