"""Trying the assumptions on a live location, with one contact that is made for it.

Source: ghl.md 9 and 12. Sent is only what the connector may send anyhow; nobody else's
contact is changed, and nothing that could be read by anybody.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from syncd.connectors.ghl import assumptions as that
from syncd.connectors.ghl import search, trials
from syncd.connectors.ghl.answers import GoneError, ScopeError
from syncd.connectors.ghl.api import Api
from syncd.connectors.ghl.location import read_location
from syncd.connectors.ghl.reader import DUPLICATE_PATH, Reader
from syncd.connectors.ghl.subject import NAMES, Subject
from syncd.connectors.ghl.trials import TAG, Seen
from syncd.errors import DuplicateError, InDoubtError, RecordError, StaleError
from syncd.model.probe import Assumption, Finding

CANNOT = "cannot be told by the API: "
UNSEEN = "cannot be told: the search does not show the contact"


class Probe:
    """One run over all assumptions."""

    def __init__(
        self, api: Api, reader: Reader, address: str, *, lag_s: float, page_size: int
    ) -> None:
        self._api = api
        self._reader = reader
        self._page_size = page_size
        self._lag_s = lag_s
        self._subject = Subject(api, reader, address.strip().lower(), lag_s)
        self._row: search.Row | None = None
        self._tagged: tuple[bool | None, list[str]] = (None, [])

    def findings(self) -> Iterator[Finding]:
        """One per assumption; the contact is removed in the end, after an error too."""
        subject = self._subject
        try:
            subject.make()
            for assumption, look in self._steps(subject):
                yield self._finding(assumption, look)
        finally:
            stays = subject.remove()
        yield self._finding(that.UNKNOWN_CONTACT, self._unknown_contact)
        yield self._finding(that.INDEX_LAG_GONE, lambda: self._index_lag_gone(stays))
        yield Finding(that.DELETE, not stays, "; ".join(stays) or self._left_behind())

    def _finding(self, assumption: Assumption, look: Callable[[], Seen]) -> Finding:
        """What a look saw; what GHL refuses to do tells nothing."""
        try:
            return Finding(assumption, *look())
        except (RecordError, StaleError, InDoubtError, ScopeError) as error:
            return Finding(assumption, None, f"cannot be told: {error.message}")

    def _steps(self, it: Subject) -> list[tuple[Assumption, Callable[[], Seen]]]:
        api = self._api
        return [
            (that.DUPLICATE_AT_ONCE, self._duplicate_at_once),
            (that.WRITE_SCOPE, lambda: (True, "a contact was made")),
            (that.CREATE_REFUSED, self._create_refused),
            (that.CREATE_OPTED_OUT, lambda: trials.create_opted_out(it)),
            (that.DND_NAMES, lambda: trials.dnd_names(it)),
            (that.GET_WHOLE, lambda: trials.get_whole(it)),
            (that.INDEX_LAG, self._index_lag),
            (that.ROWS_NAMES, self._rows_names),
            (that.ROWS_DND, self._rows_dnd),
            (that.ROWS_CUSTOM, self._rows_custom),
            (that.LIST_SORT, lambda: trials.list_sort(it, api)),
            (that.PAGE_SIZE, self._pages),
            (that.SEARCH_AFTER, _cannot("rows would have to change while they are read")),
            (that.CREATE_TWICE, self._create_twice),
            (that.ABSENT_KEPT, lambda: trials.absent_kept(it)),
            (that.NULL_CLEARS, lambda: trials.null_clears(it)),
            (that.NOT_CLEARABLE, lambda: trials.not_clearable(it)),
            (that.COMPANY, lambda: trials.company(it)),
            (that.ANSWER_CUSTOM, lambda: trials.answer_custom(it)),
            (that.CUSTOM_MERGED, lambda: trials.custom_merged(it)),
            (that.CUSTOM_UNKNOWN, lambda: trials.custom_unknown(it)),
            (that.CUSTOM_CLEARS, lambda: trials.custom_clears(it)),
            (that.TEXT_256, lambda: trials.text_256(it)),
            (that.FRACTIONS, lambda: trials.fractions(it)),
            (that.BUMP_TAGS, self._bump_tags),
            (that.TAGS_LOWER, self._tags_lower),
            (that.INDEX_LAG_TAGS, self._index_lag_tags),
            (that.BUMP_DND, lambda: trials.bump_dnd(it, api)),
            (that.DND_PARTIAL, lambda: trials.dnd_partial(it)),
            (that.DND_RCS, lambda: trials.dnd_rcs(it)),
            (that.DND_PERMANENT, lambda: trials.dnd_permanent(it)),
            (that.EMAIL_ALONE, lambda: trials.email_alone(it)),
            (that.DND_FLAG, lambda: trials.dnd_flag(it)),
            (that.DND_TIME, _cannot("compare the message of an opt-out with when it was made")),
            (that.DND_UNSUBSCRIBE, _cannot("unsubscribe from a mail to yourself, and look")),
            (that.RATE, _cannot("too many requests on purpose would hold up others")),
        ]

    # The create, and who shows it

    def _create_refused(self) -> Seen:
        made = self._subject.made_by_refusal
        if made is None:
            return None, "cannot be told: a property that does not exist was not refused"
        return not made, "made although it was refused" if made else "nothing was made"

    def _duplicate_at_once(self) -> Seen:
        query = {"locationId": self._api.location_id, "email": self._subject.address}
        shown = self._api.call("GET", DUPLICATE_PATH, query=query).json_object().get("contact")
        found = isinstance(shown, dict) and shown.get("id") == self._subject.id
        return found, "seen at once" if found else "not seen at once"

    def _create_twice(self) -> Seen:
        """Not tried where a second contact would be made."""
        settings = read_location(self._api).get("settings")
        allowed = settings.get("allowDuplicateContact") if isinstance(settings, dict) else None
        if allowed is not False:
            said = "duplicate contacts are allowed" if allowed else "cannot be told: not shown"
            return (False if allowed else None), said
        try:
            self._subject.create_again()
        except DuplicateError as known:
            named = known.remote_id == self._subject.id
            return named, "refused, and named" if named else "refused, but not named"
        return False, "a second contact was made, and is removed with the first"

    def _unknown_contact(self) -> Seen:
        if not self._subject.id:
            return None, "cannot be told: no contact was made"
        try:
            self._reader.document(self._subject.id)
        except GoneError:
            return True, "a direct look after the contact was removed"
        except RecordError:
            return False, "it is refused in other words"
        return None, "cannot be told: the contact is still there"

    # The search

    def _index_lag(self) -> Seen:
        self._row, waited = self._subject.await_row()
        return _lagged(self._row, waited)

    def _index_lag_gone(self, stays: Sequence[str]) -> Seen:
        if self._row is None or stays:
            return None, UNSEEN if not stays else "cannot be told: the contact is still there"
        gone, waited = self._subject.await_absence()
        return gone, f"gone after {waited:.0f} s" if gone else f"still shown after {waited:.0f} s"

    def _rows_names(self) -> Seen:
        def shown(row: search.Row) -> Seen:
            lacking = [n for n, value in NAMES.items() if row.get(f"{n}Raw") != value]
            return not lacking, f"lacking: {', '.join(lacking)}" if lacking else "as typed"

        return self._of_row(shown)

    def _rows_dnd(self) -> Seen:
        return self._of_row(lambda row: (isinstance(row.get("dndSettings"), dict), ""))

    def _rows_custom(self) -> Seen:
        wanted = self._subject.custom()
        if not wanted:
            return None, "cannot be told: the location has no custom field that fits"
        return self._of_row(
            lambda row: (
                wanted.keys() <= (shown := self._subject.custom(row)).keys(),
                f"{len(shown)} of {len(wanted)} with a value are shown",
            )
        )

    def _of_row(self, look: Callable[[search.Row], Seen]) -> Seen:
        return (None, UNSEEN) if self._row is None else look(self._row)

    def _pages(self) -> Seen:
        found = search.search(self._api, self._page_size)
        if found.total is None or found.total < self._page_size:
            return None, f"cannot be told: fewer than {self._page_size} contacts are there"
        return found.full, f"{len(found.rows)} of {self._page_size} rows were served"

    # Tags

    def _bump_tags(self) -> Seen:
        self._tagged = trials.tagged(self._subject, self._api)
        moved, tags = self._tagged
        if TAG.lower() not in {tag.lower() for tag in tags}:
            return None, "cannot be told: the tag is not shown"
        return moved, "a tag was added"

    def _tags_lower(self) -> Seen:
        _, tags = self._tagged
        if not tags:
            return None, "cannot be told: the tag is not shown"
        return TAG.lower() in tags, "a tag in letters of both cases was added"

    def _index_lag_tags(self) -> Seen:
        _, tags = self._tagged
        if self._row is None:
            return None, UNSEEN
        return _lagged(*self._subject.await_row(*tags))

    def _left_behind(self) -> str:
        return f"the contact is removed; the tag {TAG.lower()} stays in the list of tags"


def _lagged(row: Any, waited: float) -> Seen:
    if row is None:
        return False, f"not seen within {waited:.0f} s"
    return True, "seen at once" if not waited else f"seen after {waited:.0f} s"


def _cannot(why: str) -> Callable[[], Seen]:
    return lambda: (None, f"{CANNOT}{why}")
