"""What the connector takes for granted although no document settles it (maileon.md 9).

docs/connect-maileon.md lists each of them, in this order; a probe tries what it can.
"""

from syncd.model.probe import Assumption

ZONE = Assumption(
    "zone",
    "The times of a contact are local times of one zone: that of `time_zone`, if it is set.",
    "Times of change and of consent are wrong: correct `time_zone`, or set it to `auto`.",
)
FEED_ZONE = Assumption(
    "feed-zone",
    "`updated_after` is read in the zone in which times are shown.",
    "Nothing is lost: every cycle then reads the changes of 26 hours.",
)
BUMP_EXTERNAL_ID = Assumption(
    "bump-external-id",
    "A change of `external_id` alone moves `updated`.",
    "Such a change is found by the next sweep only: shorten `sweep_every` of the pair.",
)
BUMP_IDENTICAL = Assumption(
    "bump-identical",
    "A write that changes nothing does not move `updated`.",
    "Nothing is lost: such a contact is read once more.",
)
BUMP_OTHERS = Assumption(
    "bump-others",
    "A change of permission, a block and a bounce move `updated`.",
    "Consent given in Maileon is found by the next sweep only: shorten `sweep_every`.",
)
LIST_STABLE = Assumption(
    "list-stable",
    "Pages of a list shift only if its length changes.",
    "A change could be missed until its second reading, or the next sweep.",
)
RATE = Assumption(
    "rate",
    "A refusal for speed is a 429.",
    "Calls fail until the load is lower: lower `requests_per_second`.",
)
BULK_SIZE = Assumption(
    "bulk-size",
    "A bulk call takes 500 contacts and 4 MB.",
    "Nothing is lost: a call that is refused is halved. Lower `batch_size` to save calls.",
)
DELETE_MARKER = Assumption(
    "delete-marker",
    "Deleting a contact leaves the marker of its address.",
    "Maileon forgets the opt-out with the contact: leave `delete` of the pair at `keep`.",
)
MARKER_GUARDS = Assumption(
    "marker-guards",
    "A bulk call does not bring back an address that is marked.",
    "People who opted out could be made anew: set `create` of the pair to the other side.",
)
MARKER_EXISTING = Assumption(
    "marker-existing",
    "A bulk call updates a contact that is there, although its address is marked.",
    "Such updates stay in doubt: set `bulk_updates: false`.",
)
MARKER_ABSENT = Assumption(
    "marker-absent",
    "The marker of an address that never opted out is answered 404.",
    "Nobody could be created, and addresses could not change: tell us.",
)
EMAIL_CASE = Assumption(
    "email-case",
    "Addresses are compared without case.",
    "One person could appear twice; both are then parked as duplicates.",
)
EMAIL_UNIQUE = Assumption(
    "email-unique",
    "An address belongs to one contact at most.",
    "Such contacts are parked: let Maileon make the e-mail the key of the account.",
)
EMAIL_IN_USE = Assumption(
    "email-in-use",
    "An address that another contact has is refused as a new address.",
    "Nothing is lost: it is looked up before it is tried.",
)
PUT_MISSING = Assumption(
    "put-missing",
    "A change of a contact that is gone is answered 404.",
    "Such contacts are parked as refused, until a sweep finds them gone.",
)
EMPTY_CLEARS = Assumption(
    "empty-clears",
    "An empty element empties a custom field of any type.",
    "A field emptied on the other side keeps its value in Maileon, and comes back.",
)
NIL_CLEARS = Assumption(
    "nil-clears",
    "nil empties a standard field.",
    "A field emptied on the other side keeps its value in Maileon, and comes back.",
)
ABSENT_KEPT = Assumption(
    "absent-kept",
    "A change of one contact leaves fields alone that it does not name.",
    "Fields would be emptied: stop the pair at once.",
)
BULK_ABSENT_KEPT = Assumption(
    "bulk-absent-kept",
    "A bulk call leaves fields alone that it does not name.",
    "Fields would be emptied: set `bulk_updates: false` at once.",
)
EXTERNAL_ID = Assumption(
    "external-id",
    "`external_id` holds 255 characters, and nil empties it.",
    "Nothing is lost: a refusal parks that contact.",
)
STALE_ID = Assumption(
    "stale-id",
    "A bulk update of an id that is gone makes nobody.",
    "People who left could be made anew: set `bulk_updates: false` at once.",
)
UPDATE_MISSING = Assumption(
    "update-missing",
    "A bulk update leaves out a contact that is gone, and does not refuse it.",
    "Such contacts are parked as refused, until a sweep finds them gone.",
)
BULK_EMAIL = Assumption(
    "bulk-email",
    "An address beside the id in a bulk update is not taken as a new one.",
    "An address changed a moment ago could be set back: set `bulk_updates: false`.",
)
CHECKSUM = Assumption(
    "checksum",
    "A read by id without a checksum is refused, unless it says `ignore_checksum=true`.",
    "Nothing is lost: that is always said.",
)
UPDATE_WITHOUT_ID = Assumption(
    "update-without-id",
    "A change by id is refused if it names no id.",
    "Nothing is lost: an id is always sent.",
)
OLD_PATHS = Assumption(
    "old-paths",
    "Nobody is found under the old path `/contacts/{email}`.",
    "Nothing is lost: it is never used. An old Ruby or .NET client still works.",
)
PLAIN_JSON = Assumption(
    "plain-json",
    "A change in JSON is refused if it asks for an answer in plain `application/json`.",
    "Nothing is lost: XML is always asked for.",
)
PUT_PERMISSION = Assumption(
    "put-permission",
    "A change by address without `permission` leaves the permission alone.",
    "Whoever gets a new address can no longer be mailed: do not map `email` towards Maileon.",
)
REPORT_KEEPS = Assumption(
    "report-keeps",
    "The report of unsubscriptions names the id of the contact, for as long as it lists it.",
    "An opt-out without an id is left out: the marker still stops a create.",
)
MARKER_WIPED = Assumption(
    "marker-wiped",
    "Markers outlive a wipe of the unsubscribers by an administrator.",
    "Nothing is lost: our own ledger stops the write before Maileon is asked.",
)
DELETE = Assumption(
    "delete",
    "A contact that was made just now can be deleted by its id.",
    "Remove the contact of the probe by hand, and leave `delete` of the pair at `keep`.",
)

ASSUMPTIONS = (
    ZONE,
    FEED_ZONE,
    BUMP_EXTERNAL_ID,
    BUMP_IDENTICAL,
    BUMP_OTHERS,
    LIST_STABLE,
    RATE,
    BULK_SIZE,
    DELETE_MARKER,
    MARKER_GUARDS,
    MARKER_EXISTING,
    MARKER_ABSENT,
    EMAIL_CASE,
    EMAIL_UNIQUE,
    EMAIL_IN_USE,
    PUT_MISSING,
    EMPTY_CLEARS,
    NIL_CLEARS,
    ABSENT_KEPT,
    BULK_ABSENT_KEPT,
    EXTERNAL_ID,
    STALE_ID,
    UPDATE_MISSING,
    BULK_EMAIL,
    CHECKSUM,
    UPDATE_WITHOUT_ID,
    OLD_PATHS,
    PLAIN_JSON,
    PUT_PERMISSION,
    REPORT_KEEPS,
    MARKER_WIPED,
    DELETE,
)
