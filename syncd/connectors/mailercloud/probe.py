"""Trying the assumptions on a live account, with one contact that is made for it.

Source: mailercloud.md 16. The contact is made by the call that refuses an address which
exists, so nobody else's contact is touched; no campaign is asked for or sent.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from syncd.connectors.mailercloud import assumptions as that
from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import REFUSALS, complaint_in, whole
from syncd.connectors.mailercloud.calls import OPT_OUT
from syncd.connectors.mailercloud.codec import id_of, is_opt_out, status_of, tag_key, tags_of
from syncd.connectors.mailercloud.config import LIMIT
from syncd.connectors.mailercloud.create import id_in, look_up
from syncd.connectors.mailercloud.fields import EMAIL, MODERN, TAGS
from syncd.connectors.mailercloud.trial import CITY, LOOKS_AFTER_S, STATE, TAG, Seen, Trial, good
from syncd.errors import RecordError, StaleError, TransientError
from syncd.model.probe import Assumption, Finding

MALFORMED = "syncd-probe.no-address"
UNKNOWN_KEY = "syncd_probe_unknown"


class Probe:
    """One run over all assumptions."""

    def __init__(self, account: Account, address: str) -> None:
        self._account = account
        self._calls = account.calls
        self._own = Trial(account, address)
        self._listed: Mapping[str, Any] | None = None

    def findings(self) -> Iterator[Finding]:
        """One per assumption; the contact is removed in the end, after an error too."""
        yield self._finding(that.KEY_CHECK, self._key_check)
        self._own.make()
        try:
            for assumption, look in self._steps():
                yield self._finding(assumption, look)
        finally:
            removed = self._own.remove()
        yield Finding(that.DELETE, *removed)

    def _steps(self) -> list[tuple[Assumption, Callable[[], Seen]]]:
        return [
            (that.PAGES, self._pages),
            (that.INDEX_LAG, self._index_lag),
            (that.SAME_ID, self._same_id),
            (that.GET_ONE, self._get_one),
            (that.BY_EMAIL, self._by_email),
            (that.BY_ID, self._by_id),
            (that.EMAIL_CASE, self._email_case),
            (that.VOCABULARY, self._vocabulary),
            (that.ROWS_COMPLETE, self._rows_complete),
            (that.LISTING_WHOLE, self._listing_whole),
            (that.UNKNOWN_KEY, self._unknown_key),
            (that.ABSENT_KEPT, self._absent_kept),
            (that.EMPTY_CLEARS, self._empty_clears),
            (that.TAGS_ADD, self._tags_add),
            (that.TAG_CASE, self._tag_case),
            (that.TAG_REMOVE, self._tag_remove),
            (that.CREATE_REFUSES, self._create_refuses),
            (that.BATCH_COUNTS, self._batch_counts),
            (that.STATUS_HIDDEN, self._status_hidden),
            (that.OPT_OUT, self._opt_out),
            (that.REACTIVATES, self._reactivates),
            (that.OPT_OUT_SCOPE, lambda: (None, "needs a second list; not tried")),
            (that.REPORTS, lambda: (None, "needs a campaign; not tried")),
            (that.ACTED_ROWS, lambda: (None, "needs a campaign; not tried")),
            (that.WRONG_LIST, lambda: (None, "would need a wrong list id; not tried")),
            (that.RATE, lambda: (None, "not tried: too many requests can block an account")),
        ]

    def _finding(self, assumption: Assumption, look: Callable[[], Seen]) -> Finding:
        """What a look saw; what the platform refuses to show tells nothing."""
        try:
            return Finding(assumption, *look())
        except (RecordError, StaleError, TransientError) as error:
            return Finding(assumption, None, error.message)

    # What is tried

    def _key_check(self) -> Seen:
        plan = self._calls.plan()
        keys = ("total_contacts", "used_contacts", "remaining_contacts")
        counted = [key for key in keys if whole(plan.get(key)) is not None]
        return True, f"the plan is shown, with {len(counted)} of {len(keys)} counts"

    def _pages(self) -> Seen:
        rows = self._calls.contacts(1).rows
        if len(rows) < LIMIT:
            return None, f"the list has only {len(rows)} contacts"
        first, second = ({id_of(r) for r in self._calls.contacts(p).rows} for p in (1, 2))
        return first != second, "two pages were compared"

    def _index_lag(self) -> Seen:
        waited = 0
        for seconds in LOOKS_AFTER_S:
            self._account.pause(seconds)
            waited += seconds
            if rows := look_up(self._account, self._own.email):
                self._listed = rows[0]
                return True, f"seen after {waited} s"
        return None, f"not seen within {waited} s"

    def _same_id(self) -> Seen:
        upserted = id_in(good(self._calls.upsert({EMAIL: self._own.email})))
        looked = id_of(self._own.look())
        ids = {i for i in (upserted, looked, self._listed and id_of(self._listed)) if i}
        return ids == {self._own.id}, f"{len(ids)} different ids were seen"

    def _get_one(self) -> Seen:
        return id_of(self._own.look()) == self._own.id, f"keys: {_keys(self._own.look())}"

    def _by_email(self) -> Seen:
        self._own.put(city="Probeville")
        by_email = self._calls.contact_by_email(self._own.email)
        also = "also" if by_email is not None else "not"
        return self._own.look().get("city") == "Probeville", f"reading by address works {also}"

    def _by_id(self) -> Seen:
        if not self._own.id:
            return None, "its id was not told"
        refused = complaint_in(self._calls.update(self._own.id, {"city": CITY}))
        if refused is not None:
            return False, f"refused ({refused.status})"
        return self._own.look().get("city") == CITY, ""

    def _email_case(self) -> Seen:
        upper = self._own.email.upper()
        found = id_in(good(self._calls.upsert({EMAIL: upper})))
        if found and found != self._own.id:
            self._own.discard(found)
        return (
            found == self._own.id,
            f"kept in lower case: {self._own.look().get(EMAIL) == self._own.email}",
        )

    def _vocabulary(self) -> Seen:
        words = self._account.properties().words
        classic = {name: f"Classic{i}" for i, name in enumerate(MODERN)}
        modern = {MODERN[name]: f"Modern{i}" for i, name in enumerate(MODERN)}
        arrived: dict[str, bool] = {}
        for style, sent in (("classic", classic), ("modern", modern)):
            refused = complaint_in(self._calls.upsert({EMAIL: self._own.email, **sent}))
            shown = self._own.look() if refused is None else {}
            arrived[style] = all(value in shown.values() for value in sent.values())
        styles = [style for style, there in arrived.items() if there]
        ours = "modern" if words["name"] in MODERN.values() else "classic"
        return ours in styles, f"used: {ours}; arrives: {' and '.join(styles) or 'neither'}"

    def _rows_complete(self) -> Seen:
        rows = look_up(self._account, self._own.email)
        if not rows:
            return None, "the listing does not show the contact"
        lacking = sorted(k for k, v in self._own.look().items() if v and k not in rows[0])
        known = set(self._account.properties().wire_names().values()) | {"custom_fields"}
        hidden = [key for key in lacking if key in known]
        return not hidden, f"hidden: {', '.join(hidden) or 'nothing'}"

    def _listing_whole(self) -> Seen:
        found = self._calls.contacts(1)
        if found.total is None or found.total > LIMIT:
            return None, "the list does not fit on a page; a sweep tells"
        return found.total == len(found.rows), f"{len(found.rows)} of {found.total} shown"

    def _unknown_key(self) -> Seen:
        refused = complaint_in(
            self._calls.update(self._own.email, {UNKNOWN_KEY: "x", "city": CITY})
        )
        kept = self._own.look().get("city") == CITY
        return kept or refused is not None, "refused" if refused is not None else "dropped"

    def _absent_kept(self) -> Seen:
        self._own.put(city=CITY)
        self._own.put(state=STATE)
        return self._own.look().get("city") == CITY, ""

    def _empty_clears(self) -> Seen:
        self._own.put(city="")
        return self._own.look().get("city") in (None, ""), ""

    def _tags_add(self) -> Seen:
        names = [TAG, self._account.settings.optout_tag or f"{TAG}-2"]
        spelled = self._account.spellings(names)
        if len(spelled) < len(names):
            return None, "a tag could not be made"
        for name in names:
            self._own.put(**{TAGS: [spelled[name]]})
        added = {tag_key(name) for name in names}
        shown = self._own.shown_tags(lambda tags: tag_key(names[-1]) in tags)
        if shown is None:
            return None, "tags are not shown, or not yet"
        return added <= shown, f"{len(shown)} tags are shown"

    def _tag_case(self) -> Seen:
        refused = complaint_in(self._calls.update(self._own.email, {TAGS: [TAG.upper()]}))
        return refused is None, "" if refused is None else "another case is refused"

    def _tag_remove(self) -> Seen:
        good(self._calls.remove_tags(self._own.email, [TAG]))
        if tags := tags_of(self._own.look()):
            return TAG not in {tag_key(tag) for tag in tags}, ""
        shown = self._own.shown_tags(lambda tags: TAG not in tags)
        return (None, "tags are not shown, or not yet") if shown is None else (True, "")

    def _create_refuses(self) -> Seen:
        refused = complaint_in(self._calls.create({EMAIL: self._own.email, "city": "Elsewhere"}))
        kept = self._own.look().get("city") != "Elsewhere"
        status = "" if refused is None else f"answered {refused.status}"
        return refused is not None and refused.exists and kept, status

    def _batch_counts(self) -> Seen:
        ours = {EMAIL: self._own.email, "city": CITY}
        answer = self._calls.batch([ours, {EMAIL: MALFORMED}, ours])
        refused = complaint_in(answer)
        written = self._own.look().get("city") == CITY
        for row in look_up(self._account, MALFORMED):
            if remote_id := id_of(row):
                self._own.discard(remote_id)
        if refused is not None:
            return True, f"refused ({refused.status}); the good row was written: {written}"
        counts = answer.json_object().get("data")
        counts = counts if isinstance(counts, Mapping) else {}
        names = ("submitted", "inserted", "updated", "skipped")
        said = ", ".join(f"{name} {whole(counts.get(name))}" for name in names)
        clean = whole(counts.get("skipped")) == 0 and whole(counts.get("submitted")) == 3
        return not clean, said

    def _status_hidden(self) -> Seen:
        status = status_of(self._own.look())
        return status is None, "" if status is None else "a status is shown"

    def _opt_out(self) -> Seen:
        answer = self._calls.update(self._own.email, {"contact_type": OPT_OUT})
        if answer.status in REFUSALS:
            return False, f"refused ({answer.status})"
        status = status_of(self._own.look())
        if status is None:
            return None, "accepted, but no status is shown: look at the contact in Mailercloud"
        return is_opt_out(status), "the status was read back"

    def _reactivates(self) -> Seen:
        before = status_of(self._own.look())
        good(self._calls.upsert({EMAIL: self._own.email, "city": CITY}))
        after = status_of(self._own.look())
        if not is_opt_out(before) or after is None:
            return None, "no status is shown"
        return not is_opt_out(after), "the status was read back"


def _keys(shown: Mapping[str, Any]) -> str:
    """Names of keys, which are no values of a contact."""
    names = sorted(key for key in shown if key.isascii() and key.isidentifier())
    return ", ".join(names[:40])
