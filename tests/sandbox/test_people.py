"""The invented people: who they are, and how the platforms share them."""

import re

from syncd.sandbox.people import CUSTOM_FIELDS, invent, share_out

FICTION = re.compile(r"\+1[2-9]\d\d55501\d\d|\+447700900\d{3}|")


def test_the_same_seed_gives_the_same_people() -> None:
    assert invent(50, 7) == invent(50, 7)
    assert invent(50, 7) != invent(50, 8)


def test_nobody_can_be_reached() -> None:
    for person in invent(2000, 7):
        assert FICTION.fullmatch(person.phone)
        assert person.email.split("@")[1] in ("example.org", "example.com")


def test_addresses_and_phones_are_unique() -> None:
    people = invent(5000, 7)
    phones = [person.phone for person in people if person.phone]
    assert len({person.email for person in people}) == 5000
    assert len(set(phones)) == len(phones) > 1000


def test_names_come_from_many_scripts_and_values_from_every_field() -> None:
    people = invent(500, 7)
    text = "".join(person.first_name + person.last_name for person in people)
    for letter in "üéłŁЩمו王花지":
        assert letter in text
    names = {name for person in people for name in person.custom}
    assert names == {one.name for one in CUSTOM_FIELDS}
    assert any(person.birthday for person in people)
    assert 0 < sum(person.opted_out for person in people) < 50


def test_half_of_them_are_in_common_with_equal_values() -> None:
    lists = share_out(["ghl", "maileon"], 400, common=0.5, seed=7)
    assert [len(one) for one in lists.values()] == [400, 400]
    left = {person.email.lower(): person for person in lists["ghl"]}
    right = {person.email.lower(): person for person in lists["maileon"]}
    both = left.keys() & right.keys()
    assert len(both) == 200
    for email in both:
        one, other = left[email], right[email]
        assert (one.first_name, one.phone, one.city) == (other.first_name, other.phone, other.city)
        assert one.company == other.company or "" in (one.company, other.company)
    assert any(left[email].email != right[email].email for email in both)


def test_one_platform_more_at_the_end_leaves_the_others_their_people() -> None:
    two = share_out(["ghl", "maileon"], 40, common=0.5, seed=7)
    three = share_out(["ghl", "maileon", "mailercloud"], 40, common=0.5, seed=7)
    assert {name: three[name] for name in two} == two
    emails = [{person.email.lower() for person in one} for one in three.values()]
    assert [len(one) for one in emails] == [40, 40, 40]
    assert len(set.intersection(*emails)) == len(emails[0] & emails[2]) == 20


def test_everything_or_nothing_can_be_in_common() -> None:
    for common, shared in ((0.0, 0), (1.0, 50)):
        lists = share_out(["a", "b"], 50, common=common, seed=7)
        emails = [{person.email.lower() for person in one} for one in lists.values()]
        assert len(emails[0] & emails[1]) == shared
