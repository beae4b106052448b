"""The proof: both platforms compared with each other, and with nothing of ours in between.

It reads what the sandbox says that its contacts are, and uses no code of the engine, the
mapping or the connectors: a comparison that shared it would agree with its mistakes.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from syncd.cli.demo.edits import Contact, Edit, Sides, by_email
from syncd.cli.demo.stage import Sandbox

# What GHL calls a field, and what Maileon calls it.
SAME = (
    ("firstName", "FIRSTNAME"),
    ("lastName", "LASTNAME"),
    ("address1", "ADDRESS"),
    ("postalCode", "ZIP"),
    ("city", "CITY"),
    ("country", "COUNTRY"),
    ("dateOfBirth", "BIRTHDAY"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must hold, and whether it does."""

    claim: str
    holds: bool
    detail: str = ""


def opted_out(box: Sandbox) -> set[str]:
    """Every address that either platform knows to have opted out."""
    shown = box.act("maileon", "opt_outs")
    there = {entry["email"] for entry in (*shown["markers"], *shown["unsubscribed"])}
    here = {c["email"] for c in box.contacts("ghl") if not mailable_in_ghl(c)}
    return {str(email).lower() for email in there | here if email}


def mailable_in_ghl(contact: Contact) -> bool:
    channel = contact["dndSettings"].get("Email", {}).get("status", "inactive")
    return bool(contact["email"]) and not contact["dnd"] and channel == "inactive"


def read_back(box: Sandbox) -> Sides:
    return box.contacts("ghl"), box.contacts("maileon")


def examine(
    box: Sandbox, edits: list[Edit], before: set[str], expected: int, quiet: bool
) -> list[Finding]:
    """Compare both sides.

    Args:
        before: addresses that had opted out at any moment before the last sync.
        expected: how many different people there must be in the CRM.
        quiet: whether the last cycle changed nothing on either platform.
    """
    now = read_back(box)
    ghl, maileon = by_email(now[0]), by_email(now[1])
    out = before | opted_out(box)
    mailable = {email for email, contact in ghl.items() if mailable_in_ghl(contact)}
    refusals = box.counters()["refusals"]
    differing = list(differences(ghl, maileon))
    arrived = [edit for edit in edits if edit.seen(now)]
    doubles = twice(now[0]) + twice(now[1])
    kept_mailable = out & (mailable | maileon.keys())
    return [
        Finding(
            f"the same {len(mailable):,} mailable people on both sides",
            mailable == maileon.keys(),
            f"{len(mailable ^ maileon.keys())} on one side only",
        ),
        Finding(
            f"{len(maileon):,} people equal field by field ({len(SAME) + 3} fields)",
            not differing,
            "; ".join(differing[:5]),
        ),
        Finding(
            f"every edit arrived on the other side ({len(arrived)} of {len(edits)})",
            len(arrived) == len(edits),
            "; ".join(f"{e.where}: {e.told}" for e in edits if e not in arrived),
        ),
        Finding("nobody is there twice", not doubles, f"{len(doubles)} addresses twice"),
        Finding(
            f"nobody is lost: {expected:,} people in the CRM",
            len(now[0]) == expected,
            f"there are {len(now[0]):,}",
        ),
        Finding(
            f"none of the {len(out):,} people who opted out can be mailed",
            not kept_mailable,
            f"{len(kept_mailable)} can",
        ),
        Finding("the last cycle wrote nothing", quiet),
        Finding("no request was refused (429)", not refusals, str(refusals)),
        Finding("no forbidden call was made", not box.counters()["forbidden"]),
    ]


def differences(ghl: dict[str, Contact], maileon: dict[str, Contact]) -> Iterable[str]:
    """Where two contacts with one address do not say the same; names fields, not values."""
    for email in sorted(ghl.keys() & maileon.keys()):
        here, there = ghl[email], maileon[email]
        standard, custom = there["standard_fields"], there["custom_fields"]
        for left, right in SAME:
            if text(here[left]) != text(standard.get(right)):
                yield f"{left} of contact {here['id']}"
        if here["companyName"] and text(here["companyName"]) != text(standard.get("ORGANIZATION")):
            yield f"companyName of contact {here['id']}"  # one-way: GHL lets nobody change it
        if text(here["phone"]) != text(custom.get("phone")):
            yield f"phone of contact {here['id']}"
        if {t.lower() for t in here["tags"]} != set(
            filter(None, text(custom.get("tags")).split(", "))
        ):
            yield f"tags of contact {here['id']}"


def text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def twice(contacts: Iterable[Contact]) -> list[str]:
    counted = Counter(str(c["email"]).lower() for c in contacts if c["email"])
    return [email for email, n in counted.items() if n > 1]
