"""The proof: the three platforms compared with each other, and nothing of ours in between."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from syncd.cli.demo.edits import Edit
from syncd.cli.demo.shown import (
    FIELDS,
    GHL,
    MAILEON,
    MAILERCLOUD,
    PLATFORMS,
    TITLES,
    Person,
    Shown,
    by_email,
)
from syncd.testing.control import Control

ONE_WAY = frozenset({"companyName"})  # GHL lets nobody change it, so it may lack one
LONGEST = {"firstName": 25, "lastName": 25}  # in Mailercloud; longer names stay elsewhere


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must hold, and whether it does."""

    claim: str
    holds: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the demo says of itself, to be held against what the sandbox shows.

    Attributes:
        edits: what people did.
        opted_out: addresses that had opted out anywhere at any moment before the last sync.
        expected: how many different people there must be in the CRM.
        listed: how many values for Mailercloud `syncd status` lists as unable to travel.
        quiet: whether the last cycle changed nothing on any platform.
    """

    edits: Sequence[Edit]
    opted_out: frozenset[str]
    expected: int
    listed: int
    quiet: bool


def opted_out(box: Control, now: Shown) -> frozenset[str]:
    """Every address that any platform knows to have opted out."""
    told = box.act(MAILEON, "opt_outs")
    left = {str(one["email"]).lower() for one in (*told["markers"], *told["unsubscribed"])}
    here = {p.email for platform in PLATFORMS for p in now[platform] if not p.mailable}
    return frozenset(filter(None, left | here))


def examine(box: Control, now: Shown, said: Said) -> list[Finding]:
    """Compare all platforms, as the sandbox shows them now."""
    moved = {new: old for edit in said.edits if edit.moved for old, new in [edit.moved]}
    people = {platform: by_email(now[platform]) for platform in PLATFORMS}
    kept = {new: old for new, old in moved.items() if old in people[MAILERCLOUD]}
    people[MAILERCLOUD] = renamed(people[MAILERCLOUD], kept)
    mailable = {
        platform: {email for email, person in people[platform].items() if person.mailable}
        for platform in PLATFORMS
    }
    same = mailable[GHL]
    apart = set().union(*(same ^ there for there in mailable.values()))
    differing = [
        found
        for platform in (MAILEON, MAILERCLOUD)
        for found in differences(people[GHL], people[platform], platform)
    ]
    arrived = [edit for edit in said.edits if edit.arrived(now)]
    doubles = [email for platform in PLATFORMS for email in twice(now[platform])]
    out = said.opted_out | opted_out(box, now)
    mailed = {p.email for platform in PLATFORMS for p in now[platform] if p.mailable} & out
    long = sum(
        too_long(person, name)
        for email, person in people[GHL].items()
        if email in people[MAILERCLOUD]
        for name in LONGEST
    )
    counted = box.counters()
    return [
        Finding(
            f"the same {len(same):,} mailable people on all three platforms",
            not apart,
            f"{len(apart)} not everywhere",
        ),
        Finding(
            f"{len(same):,} people equal field by field ({shared(MAILEON)} fields in Maileon,"
            f" {shared(MAILERCLOUD)} in Mailercloud)",
            not differing,
            "; ".join(differing[:5]),
        ),
        Finding(
            f"every edit arrived wherever it can be held ({len(arrived)} of {len(said.edits)})",
            len(arrived) == len(said.edits),
            "; ".join(
                f"{TITLES.get(e.where, 'all')}: {e.told}" for e in said.edits if e not in arrived
            ),
        ),
        Finding(
            f"`syncd status` lists what Mailercloud cannot take: {len(kept)} new addresses,"
            f" {long} long name",
            len(kept) + long == said.listed,
            f"it lists {said.listed}",
        ),
        Finding("nobody is there twice", not doubles, f"{len(doubles)} addresses twice"),
        Finding(
            f"nobody is lost: {said.expected:,} people in the CRM",
            len(now[GHL]) == said.expected,
            f"there are {len(now[GHL]):,}",
        ),
        Finding(
            f"none of the {len(out):,} people who opted out anywhere can be mailed anywhere",
            not mailed,
            f"{len(mailed)} can",
        ),
        Finding("the last cycle wrote nothing", said.quiet),
        Finding("no request was refused (429)", not counted["refusals"], str(counted["refusals"])),
        Finding("no forbidden call was made", not counted["forbidden"]),
    ]


def renamed(people: Mapping[str, Person], kept: Mapping[str, str]) -> dict[str, Person]:
    """People by the address that they have elsewhere; `kept` is new → old."""
    olds = set(kept.values())
    found = {email: person for email, person in people.items() if email not in olds}
    return {**found, **{new: people[old] for new, old in kept.items()}}


def differences(
    ghl: Mapping[str, Person], there: Mapping[str, Person], platform: str
) -> Iterable[str]:
    """Where a person of GHL and one of another platform differ; names fields, not values.

    Who has opted out is not kept in step any more.
    """
    for email in sorted(ghl.keys() & there.keys()):
        here, other = ghl[email], there[email]
        if not here.mailable and not other.mailable:
            continue
        for name in other.values:
            if name in ONE_WAY and not here.values[name]:
                continue
            if platform == MAILERCLOUD and too_long(here, name):
                continue
            if here.values[name] != other.values[name]:
                yield f"{name} of {TITLES[platform]} contact {other.id}"


def too_long(person: Person, name: str) -> bool:
    return len(str(person.values[name])) > LONGEST.get(name, sys.maxsize)


def shared(platform: str) -> int:
    """How many fields of GHL a platform holds, the tags among them."""
    there = (
        mailercloud if platform == MAILERCLOUD else maileon
        for maileon, mailercloud in FIELDS.values()
    )
    return 1 + sum(name is not None for name in there)


def twice(people: Iterable[Person]) -> list[str]:
    counted = Counter(person.email for person in people if person.email)
    return [email for email, n in counted.items() if n > 1]
