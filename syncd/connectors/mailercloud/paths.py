"""Every path there is for us. Singular and plural are irregular (mailercloud.md 3)."""

import re

PLAN = "/client/plan"
LISTS = "/lists/search"
CONTACTS = "/contacts"
UPSERT = "/contacts/upsert"
BATCH = "/contacts/batch"
BY_EMAIL = "/contacts/{email}"
BY_ID = "/contacts/{contact_id}"
OWN = "/contacts/{probe_contact_id}"
LISTING = "/contact/search/{list_id}"
PROPERTIES = "/contact/property/search"
PROPERTY = "/contact/property"
TAGS = "/tags/search"
TAG = "/tags"
UNTAG = "/contact/tag/remove"
CAMPAIGNS = "/campaign/list"
UNSUBS = "/campaign/{campaign_id}/unsubs"
OPENS = "/campaign/{campaign_id}/opens"
CLICKS = "/campaign/{campaign_id}/clicks"

# The whole of what may be sent. Above all not: /ticket (it alerts people at the vendor),
# /campaign/save and /campaign/schedule (they send mail), and any delete but that of a
# contact which a probe has made itself.
ALLOWED = (
    f"GET {PLAN}",
    f"POST {LISTS}",
    f"POST {CONTACTS}",
    f"POST {UPSERT}",
    f"POST {BATCH}",
    f"PUT {BY_EMAIL}",
    f"PUT {BY_ID}",
    f"GET {BY_ID}",
    f"GET {BY_EMAIL}",
    f"DELETE {OWN}",
    f"POST {LISTING}",
    f"POST {PROPERTIES}",
    f"POST {PROPERTY}",
    f"POST {TAGS}",
    f"POST {TAG}",
    f"POST {UNTAG}",
    f"POST {CAMPAIGNS}",
    f"POST {UNSUBS}",
    f"POST {OPENS}",
    f"POST {CLICKS}",
)
FORBIDDEN = f"^(?!({'|'.join(map(re.escape, ALLOWED))})$)"

# Reads are POSTs; these may be sent again after an answer was lost. So may writes that say
# the same when they are said twice.
READS = frozenset({LISTS, LISTING, PROPERTIES, TAGS, CAMPAIGNS, UNSUBS, OPENS, CLICKS})
IDEMPOTENT = frozenset({UPSERT, BY_EMAIL, BY_ID, UNTAG, OWN})
