"""What the connector takes for granted although no document settles it (ghl.md 9 and 12).

docs/connect-ghl.md lists each of them, in this order; a probe tries what it can.
"""

from syncd.model.probe import Assumption

WRITE_SCOPE = Assumption(
    "write-scope",
    "The token may write contacts.",
    "Nothing is written: tick `contacts.write` in the private integration.",
)
CREATE_REFUSED = Assumption(
    "create-refused",
    "A create that is answered 422 was not carried out.",
    "Nothing is made twice: every refused create is looked up. It costs two calls each.",
)
DUPLICATE_AT_ONCE = Assumption(
    "duplicate-at-once",
    "The duplicate call shows a contact as soon as it is made.",
    "A create whose answer is lost stays in doubt for longer: raise `index_lag_s`.",
)
CREATE_TWICE = Assumption(
    "create-twice",
    "An address that exists is refused, and the answer names the contact that has it.",
    "Two contacts may share an address, and are then parked: switch off duplicate contacts in"
    " the sub-account under Settings > Business Profile.",
)
CREATE_OPTED_OUT = Assumption(
    "create-opted-out",
    "A contact can be made with DND already on.",
    "Somebody who opted out could be mailed at first: set `create` of the pair to the other side.",
)
DND_NAMES = Assumption(
    "dnd-names",
    "Answers call the channel for e-mail `Email` or `email`, whatever the Version header.",
    "Opt-outs of GHL would not be seen: set `versions.contacts` to 2021-07-28.",
)
DND_PARTIAL = Assumption(
    "dnd-partial",
    "Writing one channel of `dndSettings` leaves the others as they are.",
    "Nothing is lost: all channels are always sent, as just read.",
)
DND_RCS = Assumption(
    "dnd-rcs",
    "The channel RCS, which no schema names, may be written.",
    "Nothing is lost: the opt-out is sent once more without it. It costs a call.",
)
DND_PERMANENT = Assumption(
    "dnd-permanent",
    "DND that is `permanent` stays, whatever a write says.",
    "Nothing is lost: it is never lifted by the daemon. Take care with other integrations.",
)
DND_FLAG = Assumption(
    "dnd-flag",
    "DND for all channels leaves the settings of single channels as they were.",
    "Whoever lifts DND for all lifts an opt-out from e-mail too: lift single channels only.",
)
DND_TIME = Assumption(
    "dnd-time",
    "The time in the message of an opt-out cannot be relied upon.",
    "Nothing is lost: opt-outs of GHL have no date. With one, the order could be told.",
)
DND_UNSUBSCRIBE = Assumption(
    "dnd-unsubscribe",
    "Somebody who unsubscribes from a GHL e-mail gets DND for e-mail.",
    "Opt-outs made in GHL would be missed: let a workflow of GHL switch on DND for them.",
)
BUMP_TAGS = Assumption(
    "bump-tags",
    "A change of tags alone moves `dateUpdated`.",
    "Changes of tags are found by the next sweep only: shorten `sweep_every` of the pair.",
)
BUMP_DND = Assumption(
    "bump-dnd",
    "A change of DND alone moves `dateUpdated`.",
    "Opt-outs of GHL are found by the next sweep only: shorten `sweep_every` of the pair.",
)
TAGS_LOWER = Assumption(
    "tags-lower",
    "Tags are kept in lower case.",
    "A tag would look changed in every cycle: map tags from GHL only, and tell us.",
)
INDEX_LAG = Assumption(
    "index-lag",
    "The search shows a new contact within `index_lag_s`.",
    "New contacts could be missed until the next sweep: raise `index_lag_s`.",
)
INDEX_LAG_TAGS = Assumption(
    "index-lag-tags",
    "The search shows a change of tags within `index_lag_s`.",
    "Such a change could be missed until the next sweep: raise `index_lag_s`.",
)
INDEX_LAG_GONE = Assumption(
    "index-lag-gone",
    "The search no longer shows a contact within `index_lag_s` after it was deleted.",
    "A deleted contact is found gone a sweep later: raise `index_lag_s`.",
)
PAGE_SIZE = Assumption(
    "page-size",
    "A search serves as many rows as `page_size` asks for.",
    "Nothing is lost, as totals are compared: lower `page_size` to what is served.",
)
SEARCH_AFTER = Assumption(
    "search-after",
    "The cursor of a search stays good while rows change.",
    "A row out of order restarts the reading once; lower `page_size` if that happens often.",
)
LIST_SORT = Assumption(
    "list-sort",
    "The old list of contacts refuses `sortBy`, `order` and `page`, which other clients send.",
    "Nothing is lost: the search is used instead, and never the list.",
)
ROWS_NAMES = Assumption(
    "rows-names",
    "Rows of a search show names as they were typed, in `firstNameRaw` and `lastNameRaw`.",
    "Nothing is lost: each such contact is read directly, a call each.",
)
ROWS_DND = Assumption(
    "rows-dnd",
    "Rows of a search show `dndSettings`.",
    "Nothing is lost: each changed contact is read directly, a call each.",
)
ROWS_CUSTOM = Assumption(
    "rows-custom",
    "Rows of a search show custom fields.",
    "Nothing is lost: each changed contact is read directly, a call each.",
)
GET_WHOLE = Assumption(
    "get-whole",
    "A direct look leaves out no field that has a value.",
    "That field would be emptied on the other side: take it out of the mapping.",
)
ABSENT_KEPT = Assumption(
    "absent-kept",
    "A change leaves fields alone that it does not name.",
    "Fields would be emptied: stop the pair at once.",
)
NULL_CLEARS = Assumption(
    "null-clears",
    "null empties a standard field.",
    "A field emptied on the other side keeps its value in GHL, and comes back.",
)
NOT_CLEARABLE = Assumption(
    "not-clearable",
    "`postalCode` and `country` cannot be emptied.",
    "Nothing is lost: it is not tried. Empty them in GHL by hand.",
)
COMPANY = Assumption(
    "company",
    "`companyName` is refused in every change.",
    "Nothing is lost: it is never sent in a change, and rules may only read it.",
)
EMAIL_ALONE = Assumption(
    "email-alone",
    "A first e-mail is taken together with other fields.",
    "Nothing is lost: it is then sent alone, and the rest after it. It costs two calls.",
)
ANSWER_CUSTOM = Assumption(
    "answer-custom",
    "The answer of a change lists the custom fields as a direct look does.",
    "Nothing is lost: those it does not name are unknown until the contact is read again.",
)
CUSTOM_MERGED = Assumption(
    "custom-merged",
    "Writing one custom field leaves the others as they are.",
    "Custom fields would be emptied: map none of them towards GHL.",
)
CUSTOM_CLEARS = Assumption(
    "custom-clears",
    'An empty text ("") empties a custom field.',
    "A field emptied on the other side keeps its value in GHL, and comes back.",
)
CUSTOM_UNKNOWN = Assumption(
    "custom-unknown",
    "A value for a custom field that is no longer there is dropped, and the rest is written.",
    "Changes are refused until the fields are read again: `syncd check` after deleting one.",
)
TEXT_256 = Assumption(
    "text-256",
    "A field of type TEXT keeps 256 characters.",
    "Longer texts lose their end: map them to a field of type LARGE_TEXT.",
)
FRACTIONS = Assumption(
    "fractions",
    "A field of type NUMERICAL keeps fractions.",
    "They are lost there: map fractions to a field of type FLOAT.",
)
RATE = Assumption(
    "rate",
    "A refusal for speed is a 429 whose headers say whether the burst or the day is spent.",
    "The daemon waits one interval and tries again, five times.",
)
UNKNOWN_CONTACT = Assumption(
    "unknown-contact",
    "The answer for a contact that is gone says that a contact was not found.",
    "Deletions in GHL are not carried over, and such contacts are parked: delete by hand.",
)
DELETE = Assumption(
    "delete",
    "A contact that was made just now can be deleted by its id.",
    "Remove the contact of the probe by hand, and leave `delete` of the pair at `keep`.",
)

ASSUMPTIONS = (
    WRITE_SCOPE,
    CREATE_REFUSED,
    DUPLICATE_AT_ONCE,
    CREATE_TWICE,
    CREATE_OPTED_OUT,
    DND_NAMES,
    DND_PARTIAL,
    DND_RCS,
    DND_PERMANENT,
    DND_FLAG,
    DND_TIME,
    DND_UNSUBSCRIBE,
    BUMP_TAGS,
    BUMP_DND,
    TAGS_LOWER,
    INDEX_LAG,
    INDEX_LAG_TAGS,
    INDEX_LAG_GONE,
    PAGE_SIZE,
    SEARCH_AFTER,
    LIST_SORT,
    ROWS_NAMES,
    ROWS_DND,
    ROWS_CUSTOM,
    GET_WHOLE,
    ABSENT_KEPT,
    NULL_CLEARS,
    NOT_CLEARABLE,
    COMPANY,
    EMAIL_ALONE,
    ANSWER_CUSTOM,
    CUSTOM_MERGED,
    CUSTOM_CLEARS,
    CUSTOM_UNKNOWN,
    TEXT_256,
    FRACTIONS,
    RATE,
    UNKNOWN_CONTACT,
    DELETE,
)
