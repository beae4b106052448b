"""What GoHighLevel can do, as frozen data. Source: ghl.md 2, 3 and 5; `child_spec` for the rest."""

from datetime import timedelta

from syncd.connectors.ghl.child_spec import CHILDREN
from syncd.model.costs import Costs
from syncd.model.record import Resource
from syncd.model.spec import ConsentSpec, Deletions, FieldSpec, Kind, ResourceSpec, Spec
from syncd.model.values import Level

CUSTOM = "custom."
TAGS = "tags"
CONSENT = "consent"
COMPANY = "companyName"
ADDITIONAL = "additionalEmails"

FIELDS = {
    field.name: field
    for field in (
        FieldSpec("firstName"),
        FieldSpec("lastName"),
        FieldSpec("email", Kind.EMAIL),
        FieldSpec("phone", Kind.PHONE),
        FieldSpec("address1"),
        FieldSpec("city"),
        FieldSpec("state"),
        # Not nullable in the schema, and nobody has seen them cleared (ghl.md 3.6).
        FieldSpec("postalCode", clearable=False),
        FieldSpec("country", Kind.COUNTRY, clearable=False),
        FieldSpec("website"),
        FieldSpec("timezone"),
        FieldSpec("source"),
        FieldSpec("dateOfBirth", Kind.DATE),
        FieldSpec("assignedTo"),
        # In the schema of a create but not of an update, whose validator refuses it
        # (ghl.md 3.6, gotcha 7). A rule that could only ever fill it once would lose
        # every later edit, so rules may only read it.
        FieldSpec(COMPANY, read_only=True),
        # Entered by people, or left by a merge of contacts; every write of it is refused
        # (ghl.md 3.12, gotcha 15).
        FieldSpec(ADDITIONAL, Kind.SET, read_only=True),
        FieldSpec(TAGS, Kind.SET, lower=True),
        FieldSpec(CONSENT, Kind.CONSENT),
    )
}

# Of the company to which a contact belongs by its `businessId`; see `businesses`.
BUSINESS = "business."
BUSINESS_FIELDS = {
    field.name: field
    for field in (
        FieldSpec(BUSINESS + name, read_only=True)
        for name in (
            "name",
            "phone",
            "email",
            "website",
            "address",
            "city",
            "state",
            "postalCode",
            "country",
        )
    )
}

# What its contacts show or take besides (ghl.md 3.2, 3.5, 3.6, 3.10).
_OWN = "GHL keeps it itself, and nobody can write it"
_CONSENT = "consent is kept in step by itself, by stricter rules"
_PASSED_BY = "it is not kept in step"
WITHHELD = {
    "name": "it is made of `firstName` and `lastName`; name these",
    "gender": "GHL takes it when a contact is made and refuses it in every later change",
    "additionalEmails": "GHL shows it, and lets nobody write it",
    "additionalPhones": "no call of GHL shows it",
    "customFields": "name each one as `custom.<Name>`",
    **dict.fromkeys(("id", "locationId", "dateAdded", "dateUpdated", "lastActivity"), _OWN),
    **dict.fromkeys(("dnd", "dndSettings", "inboundDndSettings"), _CONSENT),
    **dict.fromkeys(("type", "ssn", "keyword", "followers", "attachments"), _PASSED_BY),
    **dict.fromkeys(
        ("businessId", "businessName"),
        "name what you want of the company: `business.name`, `business.city` and so on",
    ),
}

SPEC = Spec(
    name="ghl",
    title="GoHighLevel",
    resources={
        Resource.CONTACT: ResourceSpec(
            fields={**FIELDS, **BUSINESS_FIELDS},
            custom_prefix=CUSTOM,
            custom_kinds=frozenset(
                {
                    Kind.TEXT,
                    Kind.PHONE,
                    Kind.CHOICE,
                    Kind.DATE,
                    Kind.INTEGER,
                    Kind.NUMBER,
                    Kind.BOOLEAN,
                    Kind.SET,
                }
            ),
            incremental=True,
            deletions=Deletions.SWEEP,
            # A location may allow duplicates, and the order in which e-mail and phone count
            # is not shown by any call (ghl.md 3.7). A Spec is the same for every
            # location, so it promises only what holds in all of them: nothing.
            unique_key=None,
            finds=frozenset({"email", "phone"}),
            reference=None,
            consent=ConsentSpec(
                levels=frozenset({Level.UNKNOWN, Level.REVOKED}),
                revocable=True,
                grantable=True,
                ends_record=False,
                suppresses_absent=False,
                addresses=ADDITIONAL,
            ),
            # One call per contact (2); tags by their own (3.9), DND after a look at it (3.10).
            costs=Costs(optout=2.0, beside={TAGS: 1.0, CONSENT: 2.0}),
            batch_size=1,
            concurrency=8,
            page_size=500,
            index_lag=timedelta(minutes=2),
            withheld=WITHHELD,
        ),
        **CHILDREN,
    },
)
