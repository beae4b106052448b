"""What the connector takes for granted although no document settles it (mailercloud.md 16, 17.2).

docs/connect-mailercloud.md lists each of them, in this order; a probe tries what it can.
"""

from syncd.model.probe import Assumption

KEY_CHECK = Assumption(
    "key-check",
    "The plan can be read with every valid key, and with no other.",
    "A 401 would be explained wrongly: as a wrong list instead of a wrong key.",
)
PAGES = Assumption(
    "pages",
    "Pages of 100 rows are allowed everywhere and are counted from 1.",
    "The listing would end early; it is then read anew, and nothing is taken to be gone.",
)
LISTING_WHOLE = Assumption(
    "listing-whole",
    "The listing shows every contact that its `contact_count` counts.",
    "The first reading fails; the second accepts the same gap, and `syncd check` tells it.",
)
ROWS_COMPLETE = Assumption(
    "rows-complete",
    "Rows of the listing show every field that a direct look shows.",
    "Each contact is then read directly, a request each; `syncd check` tells the fields.",
)
SAME_ID = Assumption(
    "same-id",
    "The listing, a create, an upsert and a direct look call a contact by the same id.",
    "Contacts that were created would look like others: sync one way only, and tell us.",
)
GET_ONE = Assumption(
    "get-one",
    "A direct look by id shows a contact at once, and answers 404 when there is none.",
    "`syncd check` stops the account; nothing is ever taken to be gone without it.",
)
BY_EMAIL = Assumption(
    "by-email",
    "A contact can be changed by its address in the path.",
    "An opt-out cannot reach a contact that no listing shows: the ledger keeps it.",
)
BY_ID = Assumption(
    "by-id",
    "A contact can be changed by its id in the path.",
    "It is changed by the address that a direct look shows: two requests more for each change.",
)
EMAIL_CASE = Assumption(
    "email-case",
    "Addresses that differ by case are one contact.",
    "One person could appear twice; both are then parked as duplicates.",
)
INDEX_LAG = Assumption(
    "index-lag",
    "A new contact shows in the listing within five minutes.",
    "A new contact is sent a second time, which only updates it.",
)
VOCABULARY = Assumption(
    "vocabulary",
    "Standard fields are called as the list of properties calls them.",
    "Values would not arrive: set `field_style` to classic or modern.",
)
UNKNOWN_KEY = Assumption(
    "unknown-key",
    "A key that is not known is dropped or refused, and harms no other field.",
    "Never sent on purpose; see that no property is deleted while a sync runs.",
)
ABSENT_KEPT = Assumption(
    "absent-kept",
    "A change leaves fields alone that it does not name.",
    "Fields would be emptied: stop the pair at once.",
)
EMPTY_CLEARS = Assumption(
    "empty-clears",
    'An empty text ("") empties a field.',
    "An emptied field keeps its old value in Mailercloud, and comes back to the other side.",
)
TAGS_ADD = Assumption(
    "tags-add",
    "Tags that are sent are added to those that a contact has.",
    "Nothing is lost: the tags last seen are always sent along.",
)
TAG_REMOVE = Assumption(
    "tag-remove",
    "A tag can be taken from a contact that is named by its address.",
    "Tags removed on the other side stay in Mailercloud, and the contact is parked.",
)
TAG_CASE = Assumption(
    "tag-case",
    "Tags that differ by case are one tag.",
    "Nothing: no second one is ever made, and rules see tags in lower case.",
)
OPT_OUT = Assumption(
    "opt-out",
    "A change to `contact_type: unsubscribe` opts a contact out.",
    "Mail may go out: exclude the opt-out tag from every campaign.",
)
STATUS_HIDDEN = Assumption(
    "status-hidden",
    "No answer shows whether a contact has opted out.",
    "Better so: a status that is shown is read, and an opt-out is checked after writing.",
)
REACTIVATES = Assumption(
    "reactivates",
    "Creating in a batch may bring back somebody who opted out on another list.",
    "Better so. Set `batch_size: 1` to create by the call that refuses known addresses.",
)
OPT_OUT_SCOPE = Assumption(
    "opt-out-scope",
    "An opt-out counts for the whole account, not for one list.",
    "The other side mails somebody less than it might.",
)
BATCH_COUNTS = Assumption(
    "batch-counts",
    "A batch with a bad row is refused, or its counts do not add up.",
    "A bad row would be sent again in every cycle, and never be reported.",
)
CREATE_REFUSES = Assumption(
    "create-refuses",
    "Creating an address that exists is refused and changes nothing.",
    "A contact known outside the list could be overwritten or brought back.",
)
REPORTS = Assumption(
    "reports",
    "Every opt-out by a link stands in the report of its campaign, and changes its summary.",
    "Opt-outs made in Mailercloud would be missed: keep opt-outs on the other side.",
)
ACTED_ROWS = Assumption(
    "acted-rows",
    "Rows of a campaign's opens and clicks show an address, and when it was.",
    "Fields of opens and clicks stay empty: map none of them.",
)
WRONG_LIST = Assumption(
    "wrong-list",
    "A list id that does not exist is answered 401 or 404, and never with another list.",
    "`syncd check` compares the id byte for byte before anything is synced.",
)
RATE = Assumption(
    "rate",
    "Two requests a second, five in a burst, are allowed for good.",
    "The daemon halves its speed at each refusal; lower `requests_per_second`.",
)
DELETE = Assumption(
    "delete",
    "A contact that was made just now can be deleted by its id.",
    "Only the probe deletes: remove its contact by hand.",
)

ASSUMPTIONS = (
    KEY_CHECK,
    PAGES,
    LISTING_WHOLE,
    ROWS_COMPLETE,
    SAME_ID,
    GET_ONE,
    BY_EMAIL,
    BY_ID,
    EMAIL_CASE,
    INDEX_LAG,
    VOCABULARY,
    UNKNOWN_KEY,
    ABSENT_KEPT,
    EMPTY_CLEARS,
    TAGS_ADD,
    TAG_REMOVE,
    TAG_CASE,
    OPT_OUT,
    STATUS_HIDDEN,
    REACTIVATES,
    OPT_OUT_SCOPE,
    BATCH_COUNTS,
    CREATE_REFUSES,
    REPORTS,
    ACTED_ROWS,
    WRONG_LIST,
    RATE,
    DELETE,
)
