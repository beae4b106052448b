"""What people do on all platforms between two syncs, and how its arrival can be seen."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from syncd.cli.demo.shown import (
    FIELDS,
    GHL,
    MAILEON,
    MAILERCLOUD,
    MEMBERSHIP,
    PLATFORMS,
    TAGS,
    Person,
    Shown,
    by_email,
)
from syncd.testing.control import Control

Arrived = Callable[[Shown], bool]
PEOPLE = 20  # somebody else for every edit
LONG_NAME = "Zimmermann-Wolkenstein-Rodenegg"  # over 25 characters: no name for Mailercloud


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that somebody did.

    Attributes:
        where: on which platform; empty for all of them.
        told: in a few words, without naming anybody.
        arrived: whether every other platform shows it now.
        moved: the old and the new address, where Mailercloud has to keep the old one.
    """

    where: str
    told: str
    arrived: Arrived
    moved: tuple[str, str] | None = None


def make(box: Control, now: Shown) -> list[Edit]:
    """Edit all platforms as people would, each time somebody else."""
    known = [by_email(now[platform]) for platform in PLATFORMS]
    in_step = sorted(
        email
        for email in known[0].keys() & known[1].keys() & known[2].keys()
        if all(people[email].mailable for people in known)
    )
    who = iter(in_step[:: max(1, len(in_step) // PEOPLE)])
    return [
        *_in_ghl(box, known[0], who),
        *_in_maileon(box, known[1], who),
        *_in_mailercloud(box, known[2], who),
        _everywhere_at_once(box, who),
    ]


def _in_ghl(box: Control, known: dict[str, Person], who: Iterator[str]) -> list[Edit]:
    renamed, married, moved, tagged, joined, left, old = (next(who) for _ in range(7))
    new, came = "new.address@example.org", "imre.novak@example.net"
    box.act(GHL, "edit", email=renamed, fields={"firstName": "Zsófia"})
    box.act(GHL, "edit", email=married, fields={"lastName": LONG_NAME})
    box.act(GHL, "edit", email=moved, fields={"city": "Ærøskøbing"})
    box.act(GHL, "tag", email=tagged, tags=["autumn sale"])
    box.act(GHL, "edit", email=joined, custom={MEMBERSHIP: "platinum"})
    box.act(GHL, "dnd", email=left, channel="Email")
    box.act(GHL, "edit", id=known[old].id, fields={"email": new})
    fields = {"firstName": "Imre", "lastName": "Novák", "phone": "+1 202 555 0188"}
    box.act(GHL, "create", fields={**fields, "email": came}, tags=["lead"])
    return [
        Edit(GHL, "first name", shows(renamed, "firstName", "Zsófia")),
        Edit(GHL, "long last name", shows(married, "lastName", LONG_NAME, (GHL, MAILEON))),
        Edit(GHL, "city", shows(moved, "city", "Ærøskøbing")),
        Edit(GHL, "tag", shows(tagged, TAGS, "autumn sale")),
        Edit(GHL, "membership", shows(joined, MEMBERSHIP, "platinum")),
        Edit(GHL, "opt-out (DND)", unmailed(left)),
        Edit(GHL, "new address", readdressed(old, new), moved=(old, new)),
        Edit(GHL, "new contact", shows(came, "lastName", "Novák")),
    ]


def _in_maileon(box: Control, known: dict[str, Person], who: Iterator[str]) -> list[Edit]:
    renamed, moved, tagged, left, old = (next(who) for _ in range(5))
    new, came = "other.address@example.org", "ximena.pena@example.net"
    tags = ", ".join(sorted(tags_of(known[tagged]) | {"webinar"}))
    box.act(MAILEON, "edit", email=renamed, standard_fields={"LASTNAME": "Østergård"})
    box.act(MAILEON, "edit", email=moved, standard_fields={"CITY": "Kutná Hora"})
    box.act(MAILEON, "edit", email=tagged, custom_fields={"tags": tags})
    box.act(MAILEON, "unsubscribe", email=left)
    box.act(MAILEON, "edit", email=old, new_email=new)
    names = {"FIRSTNAME": "Ximena", "LASTNAME": "Peña"}
    box.act(MAILEON, "create", email=came, standard_fields=names)
    return [
        Edit(MAILEON, "last name", shows(renamed, "lastName", "Østergård")),
        Edit(MAILEON, "city", shows(moved, "city", "Kutná Hora")),
        Edit(MAILEON, "tag", shows(tagged, TAGS, "webinar")),
        Edit(MAILEON, "unsubscription", unmailed(left)),
        Edit(MAILEON, "new address", readdressed(old, new), moved=(old, new)),
        Edit(MAILEON, "new contact", shows(came, "lastName", "Peña")),
    ]


def _in_mailercloud(box: Control, known: dict[str, Person], who: Iterator[str]) -> list[Edit]:
    renamed, moved, tagged, joined, left = (next(who) for _ in range(5))
    came = "jonas.brekke@example.net"
    tags = sorted(tags_of(known[tagged]) | {"raffle"})
    box.act(MAILERCLOUD, "edit", email=renamed, fields={"name": "Noémie"})
    box.act(MAILERCLOUD, "edit", email=moved, fields={"city": "Świnoujście"})
    box.act(MAILERCLOUD, "edit", email=tagged, tags=tags)
    box.act(MAILERCLOUD, "edit", email=joined, custom={MEMBERSHIP: "silver"})
    box.act(MAILERCLOUD, "unsubscribe", email=left)
    names = {"name": "Jonas", "last_name": "Brekke"}
    box.act(MAILERCLOUD, "create", email=came, fields=names)
    return [
        Edit(MAILERCLOUD, "first name", shows(renamed, "firstName", "Noémie")),
        Edit(MAILERCLOUD, "city", shows(moved, "city", "Świnoujście")),
        Edit(MAILERCLOUD, "tag", shows(tagged, TAGS, "raffle")),
        Edit(MAILERCLOUD, "membership", shows(joined, MEMBERSHIP, "silver")),
        Edit(MAILERCLOUD, "unsubscription by link", unmailed(left)),
        Edit(MAILERCLOUD, "new contact", shows(came, "lastName", "Brekke")),
    ]


def _everywhere_at_once(box: Control, who: Iterator[str]) -> Edit:
    """Different fields of one person on all platforms: no edit may be lost."""
    one = next(who)
    box.act(GHL, "edit", email=one, fields={"address1": "7 Quay Lane"})
    box.act(MAILEON, "edit", email=one, standard_fields={"FIRSTNAME": "Óscar"})
    box.act(MAILERCLOUD, "edit", email=one, fields={"city": "Ålesund"})
    wanted = {"address1": "7 Quay Lane", "firstName": "Óscar", "city": "Ålesund"}
    all_of_them = [shows(one, field, value) for field, value in wanted.items()]
    return Edit(
        "",
        "one person: street, first name and city, each elsewhere",
        lambda now: all(arrived(now) for arrived in all_of_them),
    )


def tags_of(person: Person) -> frozenset[str]:
    tags = person.values[TAGS]
    return tags if isinstance(tags, frozenset) else frozenset()


def shows(email: str, field: str, value: str, where: Sequence[str] = PLATFORMS) -> Arrived:
    """These platforms, where they have the field, show the value, or have it as a tag."""
    if field in FIELDS and FIELDS[field][1] is None:
        where = [platform for platform in where if platform != MAILERCLOUD]

    def arrived(now: Shown) -> bool:
        found = [by_email(now[platform]).get(email) for platform in where]
        return all(
            person is not None
            and (value in tags_of(person) if field == TAGS else person.values[field] == value)
            for person in found
        )

    return arrived


def unmailed(email: str) -> Arrived:
    """No platform would mail this address."""

    def arrived(now: Shown) -> bool:
        found = (by_email(now[platform]).get(email) for platform in PLATFORMS)
        return not any(person.mailable for person in found if person is not None)

    return arrived


def readdressed(old: str, new: str) -> Arrived:
    """GHL and Maileon show the new address alone; Mailercloud changes none through its API."""

    def arrived(now: Shown) -> bool:
        both = [by_email(now[platform]) for platform in (GHL, MAILEON)]
        return all(new in people and old not in people for people in both)

    return arrived
