"""What people do on both sides between two syncs, and how its arrival can be seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.cli.demo.stage import Sandbox

Contact = dict[str, Any]
Sides = tuple[list[Contact], list[Contact]]  # GHL, Maileon, as `/_control` shows them


@dataclass(frozen=True, slots=True)
class Edit:
    """One thing that somebody did.

    Attributes:
        where: on which platform; told: in a person's words, without naming anybody.
        seen: whether the *other* platform shows it now.
    """

    where: str
    told: str
    seen: Callable[[Sides], bool]


def by_email(contacts: Sequence[Contact]) -> dict[str, Contact]:
    return {str(c["email"]).lower(): c for c in contacts if c.get("email")}


def make(box: Sandbox) -> list[Edit]:
    """Edit both sides as people would, each time somebody else."""
    ghl, maileon = by_email(box.contacts("ghl")), by_email(box.contacts("maileon"))
    in_step = sorted(
        email for email in ghl.keys() & maileon.keys() if not ghl[email]["dndSettings"]
    )
    who = iter(in_step[:: max(1, len(in_step) // 12)])
    return [*_in_ghl(box, ghl, who), *_in_maileon(box, maileon, who), _on_both(box, ghl, who)]


def _in_ghl(box: Sandbox, ghl: dict[str, Contact], who: Any) -> list[Edit]:
    act = box.act
    renamed, moved, tagged, left, readdressed = (next(who) for _ in range(5))
    act("ghl", "edit", id=ghl[renamed]["id"], fields={"firstName": "Zsófia"})
    act("ghl", "edit", id=ghl[moved]["id"], fields={"city": "Ærøskøbing"})
    act("ghl", "tag", id=ghl[tagged]["id"], tags=["autumn sale"])
    act("ghl", "dnd", id=ghl[left]["id"], channel="Email")
    act("ghl", "edit", id=ghl[readdressed]["id"], fields={"email": "new.address@example.org"})
    new = {"firstName": "Imre", "lastName": "Novák", "email": "imre.novak@example.net"}
    act("ghl", "create", fields={**new, "phone": "+1 202 555 0188"}, tags=["lead"])
    return [
        Edit("GHL", "a first name is changed", _shows(renamed, "FIRSTNAME", "Zsófia")),
        Edit("GHL", "somebody moves to another city", _shows(moved, "CITY", "Ærøskøbing")),
        Edit("GHL", "a tag is added", lambda now: "autumn sale" in _tags(now, tagged)),
        Edit("GHL", "somebody opts out (DND e-mail)", lambda now: left not in by_email(now[1])),
        Edit(
            "GHL",
            "an e-mail address is changed",
            lambda now: (
                "new.address@example.org" in by_email(now[1])
                and readdressed not in by_email(now[1])
            ),
        ),
        Edit(
            "GHL", "a new contact is entered", _shows("imre.novak@example.net", "LASTNAME", "Novák")
        ),
    ]


def _in_maileon(box: Sandbox, maileon: dict[str, Contact], who: Any) -> list[Edit]:
    act = box.act
    renamed, moved, tagged, left, readdressed = (next(who) for _ in range(5))
    tags = maileon[tagged]["custom_fields"].get("tags", "")
    joined = ", ".join(part for part in (tags, "webinar") if part)
    act("maileon", "edit", email=renamed, standard_fields={"LASTNAME": "Østergård"})
    act("maileon", "edit", email=moved, standard_fields={"CITY": "Kutná Hora"})
    act("maileon", "edit", email=tagged, custom_fields={"tags": joined})
    act("maileon", "unsubscribe", email=left)
    act("maileon", "edit", email=readdressed, new_email="other.address@example.org")
    names = {"FIRSTNAME": "Ximena", "LASTNAME": "Peña"}
    act("maileon", "create", email="ximena.pena@example.net", standard_fields=names)
    return [
        Edit("Maileon", "a last name is changed", _holds(renamed, "lastName", "Østergård")),
        Edit("Maileon", "somebody moves to another city", _holds(moved, "city", "Kutná Hora")),
        Edit(
            "Maileon",
            "a tag is added",
            lambda now: "webinar" in by_email(now[0])[tagged]["tags"],
        ),
        Edit(
            "Maileon",
            "somebody unsubscribes from a mail",
            lambda now: "Email" in by_email(now[0])[left]["dndSettings"],
        ),
        Edit(
            "Maileon",
            "an e-mail address is changed",
            lambda now: (
                "other.address@example.org" in by_email(now[0])
                and readdressed not in by_email(now[0])
            ),
        ),
        Edit(
            "Maileon",
            "a new contact signs up",
            _holds("ximena.pena@example.net", "lastName", "Peña"),
        ),
    ]


def _on_both(box: Sandbox, ghl: dict[str, Contact], who: Any) -> Edit:
    """Different fields of one person on both sides: neither edit may be lost."""
    both = next(who)
    box.act("ghl", "edit", id=ghl[both]["id"], fields={"address1": "7 Quay Lane"})
    box.act("maileon", "edit", email=both, standard_fields={"FIRSTNAME": "Óscar"})
    there = _shows(both, "ADDRESS", "7 Quay Lane")
    here = _holds(both, "firstName", "Óscar")
    return Edit("both", "one person: street here, first name there", lambda n: there(n) and here(n))


def _shows(email: str, field: str, value: str) -> Callable[[Sides], bool]:
    """Maileon shows a standard field."""

    def seen(now: Sides) -> bool:
        contact = by_email(now[1]).get(email)
        return contact is not None and contact["standard_fields"].get(field) == value

    return seen


def _holds(email: str, field: str, value: str) -> Callable[[Sides], bool]:
    """GHL shows a field."""

    def seen(now: Sides) -> bool:
        contact = by_email(now[0]).get(email)
        return contact is not None and contact[field] == value

    return seen


def _tags(now: Sides, email: str) -> list[str]:
    contact = by_email(now[1]).get(email)
    return str(contact["custom_fields"].get("tags", "")).split(", ") if contact else []
