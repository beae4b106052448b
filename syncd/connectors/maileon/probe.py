"""Trying the assumptions on a live account, with one contact that is made for it.

Source: maileon.md 9. Sent is only what the connector may send anyhow: no single-contact
POST, no double opt-in, no transaction, no permission but 1. What is left behind is the
marker of an address that nobody has, since the daemon never removes one.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from syncd.connectors.maileon import assumptions as that
from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.clock import offset_between
from syncd.connectors.maileon.codec import Selection, shown_time, text_of, to_element
from syncd.connectors.maileon.config import zone_named
from syncd.connectors.maileon.report import Report
from syncd.connectors.maileon.subject import FIRST, MARK, Subject
from syncd.errors import InDoubtError, RecordError, StaleError
from syncd.model.probe import Assumption, Finding
from syncd.model.values import Patch

Seen = tuple[bool | None, str]
CANNOT = "cannot be told by the API: "
GONE = "cannot be told: the contact is still there"
PAUSE_S = 1.1  # Maileon's times have whole seconds
MOST_PAGES = 10  # of a list of changes that is searched for the contact
BEFORE, AFTER = timedelta(seconds=2), timedelta(minutes=20)  # no two zones are closer
LONGEST = 255


class Probe:
    """One run over all assumptions."""

    def __init__(self, account: Account, address: str) -> None:
        self._account = account
        self._calls = account.calls
        self._subject = Subject(account, address)
        self._stale: Report | None = None

    def findings(self) -> Iterator[Finding]:
        """One per assumption; the contact is removed in the end, after an error too."""
        subject = self._subject
        try:
            subject.make()
            for assumption, look in self._on_the_contact():
                yield self._finding(assumption, look)
            stays = subject.remove()
            for assumption, look in self._on_its_absence():
                yield self._finding(assumption, look if not stays else lambda: (None, GONE))
        finally:
            stays = subject.remove()
        left = "the contact is removed; the marker of its address stays, for good"
        yield Finding(that.DELETE, not stays, "; ".join(stays) or left)

    def _finding(self, assumption: Assumption, look: Callable[[], Seen]) -> Finding:
        """What a look saw; what Maileon refuses to do tells nothing."""
        try:
            return Finding(assumption, *look())
        except (RecordError, StaleError, InDoubtError) as error:
            return Finding(assumption, None, f"cannot be told: {error.message}")

    def _on_the_contact(self) -> list[tuple[Assumption, Callable[[], Seen]]]:
        return [
            (that.ZONE, self._zone),
            (that.FEED_ZONE, self._feed_zone),
            (that.MARKER_ABSENT, self._marker_absent),
            (that.EMAIL_CASE, self._email_case),
            (that.BUMP_EXTERNAL_ID, self._bump_external_id),
            (that.BUMP_IDENTICAL, self._bump_identical),
            (that.EXTERNAL_ID, self._external_id),
            (that.ABSENT_KEPT, self._absent_kept),
            (that.NIL_CLEARS, self._nil_clears),
            (that.EMPTY_CLEARS, self._empty_clears),
            (that.BULK_ABSENT_KEPT, self._bulk_absent_kept),
            (that.BULK_EMAIL, self._bulk_email),
            (that.CHECKSUM, self._checksum),
            (that.UPDATE_WITHOUT_ID, self._update_without_id),
            (that.OLD_PATHS, self._old_paths),
            (that.PLAIN_JSON, self._plain_json),
            (that.MARKER_EXISTING, self._marker_existing),
            (that.BUMP_OTHERS, _cannot("change each by hand in Maileon, and look at `updated`")),
            (that.LIST_STABLE, _cannot("a list would have to change while it is read")),
            (that.RATE, _cannot("too many requests on purpose would hold up others")),
            (that.BULK_SIZE, _cannot("hundreds of contacts would have to be made")),
            (that.EMAIL_UNIQUE, _cannot("see in Maileon whether the key is the e-mail")),
            (that.EMAIL_IN_USE, _cannot("a second contact would be needed")),
            (that.PUT_PERMISSION, _cannot("a contact with consent would be needed")),
            (that.REPORT_KEEPS, _cannot("see in Maileon how long unsubscribers are kept")),
            (that.MARKER_WIPED, _cannot("ask XQueue; nobody wipes unsubscribers to try")),
        ]

    def _on_its_absence(self) -> list[tuple[Assumption, Callable[[], Seen]]]:
        return [
            (that.PUT_MISSING, self._put_missing),
            (that.STALE_ID, self._stale_id),
            (that.UPDATE_MISSING, self._update_missing),
            (that.DELETE_MARKER, self._delete_marker),
            (that.MARKER_GUARDS, self._marker_guards),
        ]

    # Times

    def _zone(self) -> Seen:
        shown, at = shown_time(text_of(self._subject.contact(), "created")), self._subject.made_at
        if shown is None or at is None:
            return None, "cannot be told: no time is shown"
        offset = offset_between(shown, at)
        if offset is None:
            return False, "no zone explains the time that a new contact shows"
        seen = f"{offset.total_seconds() / 3600:+g} hours from UTC"
        zone = zone_named(self._account.settings.time_zone)
        return zone is None or at.astimezone(zone).utcoffset() == offset, seen

    def _feed_zone(self) -> Seen:
        shown = shown_time(text_of(self._subject.contact(), "updated"))
        if shown is None:
            return None, "cannot be told: no time is shown"
        shown = shown.replace(microsecond=0)
        listed = [self._is_listed_after(at.isoformat(sep=" ")) for at in (shown - BEFORE, shown)]
        later = self._is_listed_after((shown + AFTER).isoformat(sep=" "))
        if None in (*listed, later):
            return None, f"cannot be told: more than {MOST_PAGES} pages changed just now"
        seen = "listed" if listed[1] else "not listed"
        return bool(listed[0]) and not later, f"at the very second of the change it is {seen}"

    def _is_listed_after(self, after: str) -> bool | None:
        for page in range(1, MOST_PAGES + 1):
            listing = self._calls.contacts(page, Selection(), updated_after=after)
            if any(text_of(row, "id") == self._subject.id for row in listing.rows):
                return True
            if page >= (listing.pages or 1):
                return False
        return None

    def _bump_external_id(self) -> Seen:
        return self._moves({"external_id": "syncd-probe"}), "it was set"

    def _bump_identical(self) -> Seen:
        moved = self._moves({"CITY": FIRST["CITY"]})
        return None if moved is None else not moved, "a text was sent as it was"

    def _moves(self, patch: Patch) -> bool | None:
        """Whether a write moves `updated`; None if that is not shown."""
        before = self._subject.look().version
        self._calls.pause(PAUSE_S)
        self._subject.update(patch)
        after = self._subject.look().version
        return None if before is None or after is None else before != after

    # Fields

    def _external_id(self) -> Seen:
        long = "syncd-probe-".ljust(LONGEST, "x")
        try:
            self._subject.update({"external_id": long})
        except RecordError:
            return False, f"{LONGEST} characters are refused"
        kept = len(str(self._subject.value("external_id") or ""))
        self._subject.update({"external_id": None})
        emptied = self._subject.value("external_id") is None
        seen = "emptied" if emptied else "not emptied"
        return kept == LONGEST and emptied, f"{kept} of {LONGEST} characters were kept; {seen}"

    def _absent_kept(self) -> Seen:
        self._subject.update({"CITY": "Probeville"})
        return self._shows({**MARK, "CITY": "Probeville"}), "one field was changed"

    def _nil_clears(self) -> Seen:
        self._subject.update({"CITY": None})
        return self._subject.value("CITY") is None, "CITY was tried"

    def _empty_clears(self) -> Seen:
        before = self._subject.look().fields
        filled = {n: k for n, k in self._subject.custom.items() if before.get(n) is not None}
        if not filled:
            return None, "cannot be told: the account has no custom field"
        kept = []
        for name, kind in filled.items():
            try:
                self._subject.update({name: None})
            except RecordError:
                kept.append(f"{kind.value} (refused)")
            else:
                if self._subject.value(name) is not None:
                    kept.append(kind.value)
        tried = f"tried: {', '.join(kind.value for kind in filled.values())}"
        return not kept, f"{tried}; not emptied: {', '.join(kept)}" if kept else tried

    def _bulk_absent_kept(self) -> Seen:
        self._subject.update_in_bulk({"CITY": "Probeham"}, email=self._subject.email)
        if self._subject.value("CITY") != "Probeham":
            return None, "cannot be told: the update is not shown"
        return self._shows(MARK), "one field was changed"

    def _bulk_email(self) -> Seen:
        subject = self._subject
        subject.update_in_bulk({"CITY": "Probeford"}, email=subject.other)
        if subject.value("email") != subject.other:
            return True, "another address was sent, and not taken"
        back = to_element({"email": subject.email}, self._account.specs())
        self._calls.change_email(subject.other, back)
        return False, "another address was sent, and taken; it was set back"

    def _shows(self, wanted: Patch) -> bool:
        shown = self._subject.look().fields
        return all(shown.get(name) == value for name, value in wanted.items())

    def _email_case(self) -> Seen:
        found = self._calls.by_email(self._subject.email.upper(), Selection())
        same = found is not None and text_of(found, "id") == self._subject.id
        return same, "found in capitals" if same else "not found in capitals"

    # Calls that other clients make, each on the contact and with what it shows anyhow

    def _checksum(self) -> Seen:
        return _refused(self._calls.read_unchecked(self._subject.id))

    def _update_without_id(self) -> Seen:
        body = to_element({"email": self._subject.email, **MARK}, self._account.specs())
        return _refused(self._calls.update_unnamed(body))

    def _old_paths(self) -> Seen:
        return _refused(self._calls.read_by_old_path(self._subject.email))

    def _plain_json(self) -> Seen:
        fields = {name: str(value) for name, value in MARK.items()}
        return _refused(self._calls.update_in_plain_json(self._subject.email, fields))

    # Markers

    def _marker_absent(self) -> Seen:
        looks = self._subject.nothing_is_absent
        return not looks, "addresses that nobody knows look marked" if looks else "answered 404"

    def _marker_existing(self) -> Seen:
        self._subject.mark()
        self._subject.update_in_bulk({"CITY": "Probemark"}, email=self._subject.email)
        return self._subject.value("CITY") == "Probemark", "its address was marked before"

    def _delete_marker(self) -> Seen:
        there = self._calls.is_marked(self._subject.email)
        return there, "the marker is still there" if there else "the marker is gone too"

    def _marker_guards(self) -> Seen:
        self._subject.mark()
        report = self._subject.create(FIRST)
        if self._subject.is_known(self._subject.email):
            return False, "the contact was made anew; it is removed once more"
        return True, f"skipped as unsubscribed: {report.unsubscribed}"

    # A contact that is gone

    def _put_missing(self) -> Seen:
        try:
            there = self._subject.update({"CITY": "Probetown"})
        except RecordError:
            return False, "refused otherwise"
        return not there, "accepted" if there else "answered 404"

    def _stale_id(self) -> Seen:
        self._stale = self._subject.update_in_bulk(FIRST, email=self._subject.other)
        if self._subject.is_known(self._subject.other):
            return False, "a contact was made; it is removed"
        return True, "nobody was made"

    def _update_missing(self) -> Seen:
        if self._stale is None:
            return None, "cannot be told: the bulk update was not answered"
        refused = bool(self._stale.refused)
        return not refused, "refused" if refused else "left out"


def _refused(status: int) -> Seen:
    return status >= 400, f"answered {status}"


def _cannot(why: str) -> Callable[[], Seen]:
    return lambda: (None, f"{CANNOT}{why}")
