"""Small two-sided stories and what is to be done about them.

Each line: what both sides show, what they agreed on before, and under which terms; then the
writes that are wanted, where both records stand, and why the link ends if it does.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from syncd.core.consent import OptedOut
from syncd.core.plan import Planner, Showing, Situation
from syncd.model.link import Link
from syncd.model.plan import Draft, LinkPlan, Refused
from syncd.model.policy import Deleted, OnLeave, PairPolicy
from syncd.model.rule import Policy, Rule
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ConsentSpec, FieldSpec, ResourceSpec
from syncd.model.values import Consent, Fields, Level, SetDelta, Value

from .world import (
    CITY,
    CRM,
    EMAIL,
    JOINED,
    LEFT,
    MAIL,
    MAIL_CONSENT,
    RIGHT,
    SETS,
    TO_RIGHT,
    catalogue,
    flag,
    mapping,
    mirrored_plan,
    mirrored_planner,
    mirrored_situation,
    rule,
    sorted_plan,
    spec,
)

DAYS = [datetime(2026, 3, day, tzinfo=UTC) for day in range(1, 9)]
OUT, IN = Consent(Level.REVOKED, DAYS[2]), Consent(Level.GRANTED, DAYS[1])
IN_AGAIN = Consent(Level.GRANTED, DAYS[5])
LEDGER = OptedOut(DAYS[2])
ABSENT = None  # was never created
GREETING = rule("city", "GREETING", direction=TO_RIGHT)
TAGS = SETS


def f(**fields: Value) -> Fields:
    """A record's fields; Ada's address unless another is given."""
    return {"email": "ada@example.org", **fields}


@dataclass(frozen=True)
class Gone:
    """A record that existed and does not any more; it may still have told why."""

    consent: Consent | None = None


@dataclass(frozen=True)
class Story:
    name: str
    left: Fields | Gone | None
    right: Fields | Gone | None
    wanted: tuple[str, ...] = ()
    standing: str = "linked linked"
    agreed: tuple[Fields, Fields] | None = (f(city="Bonn"), f(CITY="Bonn"))
    rules: tuple[Rule, ...] = (EMAIL, CITY)
    policy: PairPolicy = field(default_factory=PairPolicy)
    ledger: OptedOut | None = None
    choices: dict[str, Side] = field(default_factory=dict)
    refused: dict[tuple[Side, str], Refused] = field(default_factory=dict)
    crm: ResourceSpec = CRM
    mail: ResourceSpec = MAIL
    was_ended: str | None = None
    ends: str | None = None
    conflicts: tuple[str, ...] = ()
    parked: tuple[str, ...] = ()
    problems: dict[str, str] = field(default_factory=dict)
    fields: tuple[FieldSpec, ...] = ()  # of the right
    modified: tuple[datetime | None, datetime | None] = (None, None)


def in_bonn(fields: Fields) -> bool:
    return fields.get("city") == "Bonn"


BONN_ONLY = PairPolicy(filter=Both(in_bonn, None))
UNTAG = replace(BONN_ONLY, on_leave=OnLeave.UNTAG, untag=frozenset({"shop"}))
RESUBSCRIBE = PairPolicy(resubscribe=True)
SUPPRESSING = spec(consent=replace(MAIL_CONSENT, suppresses_absent=True))
GRANTING = spec(consent=ConsentSpec(grantable=True))
BONN = f(city="Bonn")
BONN_THERE = f(CITY="Bonn")
TAGGED = (f(tags=frozenset({"shop", "vip"})), f(TAGS=frozenset({"shop", "vip"})))
REFERRED = spec(consent=MAIL_CONSENT, reference="external_id")
REFERENCE = "external_id = id"

STORIES = [
    # -- edits --
    Story("nothing happened, so nothing is done", BONN, BONN_THERE),
    Story(
        "an edit on the left goes to the right",
        f(city="Kiel"), BONN_THERE, ("right update CITY='Kiel'",),
    ),
    Story(
        "an edit on the right goes to the left",
        BONN, f(CITY="Kiel"), ("left update city='Kiel'",),
    ),
    Story("equal edits are agreement", f(city="Kiel"), f(CITY="Kiel")),
    Story(
        "opposite edits wait for a person",
        f(city="Kiel"), f(CITY="Ulm"), conflicts=("city = CITY",),
    ),
    Story(
        "a person decided for the right",
        f(city="Kiel"), f(CITY="Ulm"), ("left update city='Ulm'",),
        choices={"city = CITY": RIGHT},
    ),
    Story(
        "the policy decides for the left",
        f(city="Kiel"), f(CITY="Ulm"), ("right update CITY='Kiel'",),
        rules=(EMAIL, rule(policy=Policy.LEFT)),
    ),
    Story(
        "the newer record wins",
        f(city="Kiel"), f(CITY="Ulm"), ("left update city='Ulm'",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[2]),
    ),
    Story(
        "nobody knows which is newer, so a person is asked",
        f(city="Kiel"), f(CITY="Ulm"), conflicts=("city = CITY",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)), modified=(DAYS[1], None),
    ),
    Story(
        "what a person is being asked about is not settled by a record that is newer since",
        f(city="Kiel"), f(CITY="Ulm"), conflicts=("city = CITY",), parked=("city = CITY",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[2]),
    ),
    Story(
        "nobody knows either which is newer of two of one moment",
        f(city="Kiel"), f(CITY="Ulm"), conflicts=("city = CITY",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[1]),
    ),
    Story(
        "of one moment, emptying a field is no older than filling it anew",
        f(city=None), f(CITY="Ulm"), conflicts=("city = CITY",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[1]),
    ),
    Story(
        "neither is known to be newer of two without a moment",
        f(city="Kiel"), f(CITY="Ulm"), conflicts=("city = CITY",),
        rules=(EMAIL, rule(policy=Policy.NEWEST)),
    ),
    Story(
        "of one moment, two addresses wait for a person too",
        f(email="ada.king@example.org"), f(email="ada.byron@example.org"),
        conflicts=("email = email",), modified=(DAYS[1], DAYS[1]),
        agreed=(f(), f()), rules=(EMAIL,),
    ),
    Story(
        "tags of one moment all travel",
        f(tags=frozenset({"vip", "news"})), f(TAGS=frozenset({"vip", "old"})),
        ("left update tags +old", "right update TAGS +news"),
        agreed=(f(tags=frozenset({"vip"})), f(TAGS=frozenset({"vip"}))),
        rules=(EMAIL, replace(TAGS, policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[1]),
    ),
    Story(
        "tags of one moment all travel, also those of a text",
        f(tags=frozenset({"vip", "news"})), {**f(), "custom.tags": "old, vip"},
        ("left update tags +old", "right update custom.tags='news, old, vip'"),
        agreed=(f(tags=frozenset({"vip"})), {**f(), "custom.tags": frozenset({"vip"})}),
        rules=(EMAIL, replace(JOINED, policy=Policy.NEWEST)), modified=(DAYS[1], DAYS[1]),
    ),
    Story(
        "an emptied field is emptied there too",
        f(city=None), BONN_THERE, ("right update CITY=None",),
    ),
    Story(
        "two edits of one record are one write",
        f(city="Kiel", name="Ada"), f(CITY="Bonn", NAME=None),
        ("right update CITY='Kiel' NAME='Ada'",), rules=(EMAIL, CITY, rule("name", "NAME")),
    ),
    Story(
        "a changed address is an edit like any other, and the link stays",
        f(email="ada.king@example.org", city="Bonn"), BONN_THERE,
        ("right update email='ada.king@example.org'",),
    ),
    Story(
        "an address that only changed its case is the same",
        f(email="Ada@Example.org", city="Bonn"), BONN_THERE,
    ),
    Story(
        "at the first meeting each side fills what the other lacks",
        f(city="Bonn", name=None), f(CITY=None, NAME="Ada"),
        ("left update name='Ada'", "right update CITY='Bonn'"),
        agreed=None, rules=(EMAIL, CITY, rule("name", "NAME")),
    ),
    Story(
        "an edit of a one-way field's target is put right",
        f(city="Bonn"), f(GREETING="Hi"), ("right update GREETING='Bonn'",),
        agreed=({"city > GREETING": "Bonn"}, {"GREETING": "Bonn"}), rules=(GREETING,),
    ),
    Story(
        "a conflict in one field does not stop the others",
        f(city="Kiel", name="Ada"), f(CITY="Ulm", NAME=None), ("right update NAME='Ada'",),
        rules=(EMAIL, CITY, rule("name", "NAME")), conflicts=("city = CITY",),
    ),
    Story(
        "a value that does not fit is reported, and the others travel",
        f(city="Kiel", name="Ada"), f(CITY="Ulm", NAME=None), ("right update NAME='Ada'",),
        agreed=(f(city="Ulm"), f(CITY="Ulm")), rules=(EMAIL, CITY, rule("name", "NAME")),
        fields=(FieldSpec("CITY", max_length=3),), problems={"city = CITY": "too_long"},
    ),
    Story(
        "what the platform refused is not sent again",
        f(city="Kiel"), BONN_THERE, refused={(RIGHT, "CITY"): Refused("Kiel", "bad_city")},
        problems={"city = CITY": "bad_city"},
    ),
    Story(
        "what differs from the refused value is sent",
        f(city="Kiel"), BONN_THERE, ("right update CITY='Kiel'",),
        refused={(RIGHT, "CITY"): Refused("Ulm", "bad_city")},
    ),
    Story(
        "tags put on and taken off on both sides travel one by one",
        f(tags=frozenset({"vip", "new"})), f(TAGS=frozenset({"shop", "vip", "lead"})),
        ("left update tags +lead", "right update TAGS +new -shop"),
        agreed=TAGGED, rules=(EMAIL, TAGS),
    ),
    # -- opt-outs --
    Story(
        "an opt-out on the left is carried to the right before anything else",
        f(city="Kiel", consent=OUT), f(CITY="Bonn", consent=IN),
        ("right update consent=revoked urgent ends opted_out",),
    ),
    Story(
        "an opt-out on the right is carried to the left, and fields go on",
        f(city="Bonn", consent=IN), f(CITY="Kiel", consent=OUT),
        ("left update consent=revoked urgent", "left update city='Kiel'"),
    ),
    Story(
        "an opt-out that nobody shows any more is still in the ledger",
        f(city="Bonn", consent=IN), f(CITY="Bonn"),
        ("left update consent=revoked urgent",
         "right update consent=revoked urgent ends opted_out"),
        ledger=LEDGER,
    ),
    Story(
        "a newer opt-in lifts nothing where the pair does not allow it",
        f(city="Bonn", consent=IN_AGAIN), f(CITY="Bonn", consent=OUT),
        ("left update consent=revoked urgent",), ledger=LEDGER,
    ),
    Story(
        "a newer opt-in lifts the opt-out where the pair allows it",
        f(city="Bonn", consent=IN_AGAIN), f(CITY="Bonn", consent=OUT),
        ("right update consent=granted",),
        ledger=LEDGER, policy=RESUBSCRIBE, mail=GRANTING,
    ),
    Story(
        "an older opt-in lifts nothing even there",
        f(city="Bonn", consent=IN), f(CITY="Bonn", consent=OUT),
        ("left update consent=revoked urgent",), policy=RESUBSCRIBE, mail=GRANTING,
    ),
    Story(
        "an undated opt-in lifts nothing even there",
        f(city="Bonn", consent=Consent(Level.GRANTED)), f(CITY="Bonn", consent=OUT),
        ("left update consent=revoked urgent",), policy=RESUBSCRIBE, mail=GRANTING,
    ),
    Story(
        "both have opted out, and their fields stay in step",
        f(city="Kiel", consent=OUT), f(CITY="Bonn", consent=OUT), ("right update CITY='Kiel'",),
    ),
    Story(
        "a permission is never passed on",
        f(city="Bonn", consent=IN), f(CITY="Bonn", consent=None),
    ),
    Story(
        "an opt-out reaches a record that left the filter",
        f(city="Kiel", consent=OUT), f(CITY="Bonn", consent=IN),
        ("right update consent=revoked urgent ends opted_out",), policy=BONN_ONLY,
    ),
    Story(
        "the record on the mailing side is vanishing after its opt-out",
        f(city="Kiel", consent=OUT), f(CITY="Bonn", consent=IN), (),
        standing="parked:opted_out parked:opted_out", was_ended="opted_out", ends="opted_out",
    ),
    # -- the filter --
    Story(
        "who leaves the filter is left alone",
        f(city="Kiel"), BONN_THERE, standing="filtered:filter filtered:filter", policy=BONN_ONLY,
    ),
    Story(
        "who leaves the filter loses the configured tags there and nothing else",
        f(city="Kiel", tags=TAGGED[0]["tags"]), f(CITY="Bonn", TAGS=TAGGED[1]["TAGS"]),
        ("right update TAGS -shop",), standing="filtered:filter filtered:filter",
        agreed=TAGGED, rules=(EMAIL, CITY, TAGS), policy=UNTAG,
    ),
    Story(
        "who left the filter and has no such tag is left alone",
        f(city="Kiel", tags=None), f(CITY="Bonn", TAGS=frozenset({"vip"})),
        standing="filtered:filter filtered:filter", rules=(EMAIL, CITY, TAGS), policy=UNTAG,
    ),
    # -- a counterpart to create --
    Story(
        "who is new is created with all that can be written",
        f(city="Bonn", name=None, tags=frozenset({"vip"})), ABSENT,
        ("right create CITY='Bonn' TAGS={vip} email='ada@example.org'",),
        standing="waiting waiting", rules=(EMAIL, CITY, rule("name", "NAME"), TAGS),
    ),
    Story(
        "flags about members of one set are created as that one set",
        ABSENT, f(vip=True, gold=True, lead=False),
        ("left create email='ada@example.org' tags={gold vip}",), standing="waiting waiting",
        rules=(EMAIL, flag("vip", "vip"), flag("gold", "gold"), flag("lead", "lead")),
    ),
    Story(
        "who is new and opted out is not created",
        f(city="Bonn", consent=OUT), ABSENT,
        standing="parked:opted_out gone", ends="opted_out",
    ),
    Story(
        "who is in the ledger is not created, and the record here learns of it",
        f(city="Bonn", consent=IN), ABSENT, ("left update consent=revoked urgent",),
        standing="parked:opted_out gone", ends="opted_out", ledger=LEDGER,
    ),
    Story(
        "who opted out and was never there is suppressed where that can be",
        f(city="Bonn", consent=OUT), ABSENT,
        ("right suppress email='ada@example.org' urgent ends opted_out",),
        standing="waiting gone", mail=SUPPRESSING,
    ),
    Story(
        "who was suppressed is not suppressed again",
        f(city="Bonn", consent=OUT), ABSENT, standing="parked:opted_out gone",
        mail=SUPPRESSING, was_ended="opted_out", ends="opted_out",
    ),
    Story(
        "who is not in the filter is not created",
        f(city="Kiel"), ABSENT, standing="filtered:filter gone", policy=BONN_ONLY,
    ),
    Story(
        "nobody is created where the pair does not want it",
        BONN, ABSENT, standing="filtered:create_off gone",
        policy=PairPolicy(create=frozenset({LEFT})),
    ),
    Story(
        "nobody is created where the platform cannot",
        BONN, ABSENT, standing="filtered:create_off gone",
        mail=spec(consent=MAIL_CONSENT, creates=False),
    ),
    Story(
        "who has no address is not created",
        {"email": None, "city": "Bonn"}, ABSENT, standing="parked:no_key gone",
    ),
    Story(
        "who has an address that is none is not created",
        f(email="ada at home"), ABSENT, standing="parked:no_key gone",
    ),
    Story(
        "who has an address that does not fit there is not created without one",
        BONN, ABSENT, standing="parked:no_key gone",
        fields=(replace(mapping().catalogues.right["email"], max_length=9),),
        problems={"email = email": "invalid_email"},
    ),
    Story(
        "a field that cannot be written is left out of a create and reported",
        BONN, ABSENT, ("right create email='ada@example.org'",), standing="waiting waiting",
        fields=(FieldSpec("CITY", read_only=True),), problems={"city = CITY": "read_only"},
    ),
    # -- deletions --
    Story(
        "a deletion goes no further by default",
        BONN, Gone(), standing="parked:counterpart_deleted gone", ends="counterpart_deleted",
    ),
    Story(
        "a deletion unsubscribes where the pair says so",
        f(city="Bonn", consent=IN), Gone(), ("left update consent=revoked urgent",),
        standing="parked:counterpart_deleted gone",
        policy=PairPolicy(deleted=Deleted.UNSUBSCRIBE),
    ),
    Story(
        "who has unsubscribed already needs no write after a deletion",
        f(city="Bonn", consent=OUT), Gone(), standing="parked:counterpart_deleted gone",
        policy=PairPolicy(deleted=Deleted.UNSUBSCRIBE), ends="counterpart_deleted",
    ),
    Story(
        "a deletion is carried on where the pair says so",
        BONN, Gone(), ("left delete ends deleted",),
        standing="parked:counterpart_deleted gone", policy=PairPolicy(deleted=Deleted.DELETE),
    ),
    Story(
        "an edit beats a delete",
        f(city="Kiel"), Gone(), standing="parked:counterpart_deleted gone",
        policy=PairPolicy(deleted=Deleted.DELETE), ends="counterpart_deleted",
    ),
    Story(
        "a tag that was put on beats a delete too",
        f(tags=frozenset({"shop", "vip", "new"})), Gone(), agreed=TAGGED, rules=(EMAIL, TAGS),
        standing="parked:counterpart_deleted gone",
        policy=PairPolicy(deleted=Deleted.DELETE), ends="counterpart_deleted",
    ),
    Story(
        "a record whose tags are as they were is no edit",
        TAGGED[0], Gone(), ("left delete ends deleted",), agreed=TAGGED, rules=(EMAIL, TAGS),
        standing="parked:counterpart_deleted gone", policy=PairPolicy(deleted=Deleted.DELETE),
    ),
    Story(
        "a deletion is not carried on where the platform cannot delete",
        BONN, Gone(), standing="parked:counterpart_deleted gone",
        policy=PairPolicy(deleted=Deleted.DELETE), crm=replace(CRM, deletes=False),
        ends="counterpart_deleted",
    ),
    Story(
        "who vanished by an opt-out is opted out here, whatever the delete policy",
        f(city="Bonn", consent=IN), Gone(OUT), ("left update consent=revoked urgent",),
        standing="parked:opted_out gone", ends="opted_out",
        policy=PairPolicy(deleted=Deleted.DELETE),
    ),
    Story(
        "who vanished and is in the ledger is opted out here and never deleted",
        f(city="Bonn", consent=IN), Gone(), ("left update consent=revoked urgent",),
        standing="parked:opted_out gone", ends="opted_out", ledger=LEDGER,
        policy=PairPolicy(deleted=Deleted.DELETE),
    ),
    Story(
        "when both are gone the link ends",
        Gone(), Gone(), standing="gone gone", ends="both_gone",
    ),
    Story(
        "who was gone and came back goes on where it stopped",
        f(city="Kiel"), BONN_THERE, ("right update CITY='Kiel'",),
        was_ended="counterpart_deleted",
    ),
    # -- the other side's id --
    Story(
        "the other side's id is written where there is a place for it, as routine",
        BONN, f(CITY="Bonn", external_id=None), ("right update external_id='l1' routine",),
        mail=REFERRED,
    ),
    Story(
        "an id that stands there already is left alone",
        BONN, f(CITY="Bonn", external_id="l1"), mail=REFERRED,
    ),
    Story(
        "a stranger's value in the place of the id is never overwritten",
        BONN, f(CITY="Bonn", external_id="ERP-77"), mail=REFERRED,
        problems={REFERENCE: "reference_taken"},
    ),
    Story(
        "a place for the id that people have mapped is theirs, and no routine",
        f(city="Kiel"), f(external_id="Bonn"), ("right update external_id='Kiel'",),
        agreed=(f(city="Bonn"), f(external_id="Bonn")), mail=REFERRED,
        rules=(EMAIL, rule("city", "external_id")),
    ),
    Story(
        "who is created gets the id at once",
        BONN, ABSENT, ("right create CITY='Bonn' email='ada@example.org' external_id='l1'",),
        standing="waiting waiting", mail=REFERRED,
    ),
    Story(
        "an id that the platform refused does not stop the create",
        BONN, ABSENT, ("right create CITY='Bonn' email='ada@example.org'",),
        standing="waiting waiting", mail=REFERRED,
        refused={(RIGHT, "external_id"): Refused("l1", "taken")},
    ),
]  # fmt: skip


def told(draft: Draft) -> str:
    parts = [draft.side.value, draft.kind.value]
    for name, value in sorted(draft.patch.items()):
        match value:
            case SetDelta(add, remove):
                parts.append(name)
                parts += [f"+{m}" for m in sorted(add)] + [f"-{m}" for m in sorted(remove)]
            case Consent():
                parts.append(f"{name}={value.level.value}")
            case frozenset():
                parts.append(f"{name}={{{' '.join(sorted(value))}}}")
            case _:
                parts.append(f"{name}={value!r}")
    parts += ["urgent"] * draft.urgent + ["routine"] * draft.routine
    return " ".join(parts + (["ends", draft.ends] if draft.ends else []))


def situation(story: Story) -> Situation:
    sides: list[Showing | None] = []
    for side, shown in zip(SIDES, (story.left, story.right), strict=True):
        name = "l1" if side is LEFT else "r1"
        moment = story.modified[0 if side is LEFT else 1]
        if isinstance(shown, Gone):
            sides.append(Showing(name, {"consent": shown.consent}, gone=True))
        else:
            sides.append(None if shown is None else Showing(name, shown, modified=moment))
    ids = Both(*(showing.remote_id if showing else None for showing in sides))
    whole = story.agreed is not None and None not in (story.left, story.right)
    shadow: Both[Fields] = Both(*story.agreed) if whole and story.agreed else Both({}, {})
    link = Link(5, ids, shadow, story.was_ended)
    return Situation(
        link,
        Both(*sides),
        story.ledger,
        story.choices,
        story.refused,
        parked=frozenset(story.parked),
    )


def planner(story: Story) -> Planner:
    at = mapping(*story.rules, right=catalogue(*story.fields))
    return Planner(at, story.policy, Both(story.crm, story.mail))


def standings(plan: LinkPlan) -> str:
    return " ".join(
        f"{s.state.value}:{s.cause}" if s.cause else s.state.value for s in plan.standing
    )


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_story(story: Story) -> None:
    plan = planner(story).plan(situation(story))
    assert sorted(map(told, plan.drafts)) == sorted(story.wanted)
    assert standings(plan) == story.standing
    assert plan.ended == story.ends
    assert tuple(plan.conflicts) == story.conflicts
    assert plan.problems == story.problems


@pytest.mark.parametrize("story", STORIES, ids=[story.name for story in STORIES])
def test_the_mirrored_story_has_the_mirrored_plan(story: Story) -> None:
    straight = planner(story).plan(situation(story))
    turned = mirrored_planner(planner(story)).plan(mirrored_situation(situation(story)))
    assert mirrored_plan(turned) == sorted_plan(straight)


def test_no_two_stories_have_one_name() -> None:
    assert len({story.name for story in STORIES}) == len(STORIES)
