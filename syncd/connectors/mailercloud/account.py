"""What the parts of the connector share: the calls, the catalogue, the tags."""

import logging
import threading
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from syncd.connectors.api import Wire
from syncd.connectors.mailercloud.answers import complaint_of_write, words
from syncd.connectors.mailercloud.calls import Calls
from syncd.connectors.mailercloud.codec import Decoder, Shown, id_of, tag_key
from syncd.connectors.mailercloud.config import Settings
from syncd.connectors.mailercloud.fields import CUSTOM, STANDARD, Properties, read_properties
from syncd.errors import (
    AccountError,
    FieldsChangedError,
    InDoubtError,
    RecordError,
    TransientError,
)
from syncd.model.record import Record

AGE_S = 600.0  # how old what we know of properties and tags may become

log = logging.getLogger(__name__)


class Account:
    """One list as this process knows it.

    Attributes:
        remarks: sentences for `check`, without anything personal.
        listed: fields that some row of the listing mentioned.
        looked: fields that the direct look at some contact mentioned.
        unlisted: fields that the listing hides although contacts have values in them.
        shows_empty: whether the listing mentions fields that are empty.
        samples: how many direct looks may still be spent on finding these out.
    """

    def __init__(self, settings: Settings, wire: Wire) -> None:
        self.settings = settings
        self.calls = Calls(settings, wire)
        self.remarks: list[str] = []
        self.listed: set[str] = set()
        self.looked: set[str] = set()
        self.unlisted: set[str] = set()
        self.shows_empty = False
        self.samples = 3
        self._proven = False
        self._wire = wire
        self._properties: Properties | None = None
        self._tags: dict[str, str] | None = None
        self._read_at_s = {"properties": 0.0, "tags": 0.0}
        self._lock = threading.RLock()

    @property
    def now(self) -> datetime:
        return self._wire.now()

    def pause(self, seconds: float) -> None:
        if seconds:
            self._wire.sleep(seconds)

    def remark(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)
            log.warning("mailercloud: %s", sentence)

    # The catalogue

    def properties(self, *, fresh: bool = False) -> Properties:
        """Custom properties and vocabulary, at most ten minutes old."""
        with self._lock:
            if fresh or self._properties is None or self._is_old("properties"):
                self._properties = read_properties(
                    self.calls.properties(), self.settings.field_style
                )
                self._read_at_s["properties"] = self._wire.monotonic()
            return self._properties

    def wanted(self, fields: Collection[str]) -> Properties:
        """The catalogue, once it is sure to hold the fields that are to be read.

        Raises:
            FieldsChangedError: one is no longer there; read as empty, it would be emptied on
                the other side too.
        """
        own = {name for name in fields if name.startswith(CUSTOM)}
        if not own and not STANDARD.keys() & set(fields):
            return self._properties or Properties()  # opt-outs need no catalogue
        known = self.properties()
        if own - known.custom.keys():
            known = self.properties(fresh=True)
        if missing := sorted(own - known.custom.keys()):
            raise FieldsChangedError(
                f"Mailercloud has no property {', '.join(missing)}; nothing was read",
                fields=tuple(missing),
                missing=True,
                hint="Create or rename it, or correct the mapping; see `syncd check`.",
            )
        return known

    def _is_old(self, what: str) -> bool:
        return self._wire.monotonic() - self._read_at_s[what] > AGE_S

    # Tags

    def tags(self, *, fresh: bool = False) -> Mapping[str, str]:
        """Spelling of every tag, by its name without regard to case."""
        with self._lock:
            if fresh or self._tags is None or self._is_old("tags"):
                names = (name.strip() for name in words(self.calls.tags(), "tag_name", "name"))
                found: dict[str, str] = {}
                for name in names:
                    found.setdefault(tag_key(name), name)
                self._tags = found
                self._read_at_s["tags"] = self._wire.monotonic()
            return self._tags

    def spellings(self, names: Iterable[str]) -> dict[str, str]:
        """How tags are spelled in the account, made where they are missing.

        A tag that could not be made is left out: a contact sent with it would be lost whole.

        Raises:
            AccountError, TransientError: the tags cannot be read.
        """
        wanted = {tag_key(name): name for name in sorted(names, reverse=True)}
        known = self.tags()
        for folded, name in wanted.items():
            if folded not in known:
                self._make_tag(name)
                known = self._tags or {}
        return {name: known[tag_key(name)] for name in names if tag_key(name) in known}

    def _make_tag(self, name: str) -> None:
        """Make a tag; one that exists already, by whoever's hand, is as good."""
        try:
            refused = complaint_of_write(self.calls.create_tag(name)) is not None
        except (InDoubtError, RecordError, AccountError) as cause:
            refused = True
            if isinstance(cause, AccountError):
                self.remark(f"tags that are missing cannot be made ({cause.message})")
        if refused:
            self.tags(fresh=True)
        elif self._tags is not None:
            self._tags[tag_key(name)] = name

    # Looking at contacts

    def note(self, row: Mapping[str, Any], shown: Shown, fields: Collection[str]) -> None:
        """Learn which fields rows of the listing mention, and whether also empty ones."""
        self.listed.update(name for name in fields if shown.mentions(name))
        self.shows_empty = self.shows_empty or any(
            row[name] in (None, "") for name in STANDARD if name in row
        )

    def silent(self, fields: Collection[str]) -> set[str]:
        """The fields that are empty in a row of the listing that does not mention them."""
        silent = set(fields) - self.unlisted
        # Where empty ones are mentioned, what no row mentions is not empty, but unknown.
        return silent & self.listed if self.shows_empty else silent

    def look(self, remote_id: str, fields: Collection[str], known: Properties) -> Record:
        """The contact as it is now, read directly.

        Raises:
            RecordError: it is not found, but then neither is any other.
        """
        record = self.glance(remote_id, fields, known)
        if record is None:
            self._prove_looks(remote_id)
            return Record(remote_id, {}, gone=True)
        return record

    def glance(self, remote_id: str, fields: Collection[str], known: Properties) -> Record | None:
        """Like `look`, but None if it is not found.

        What other direct looks mentioned and this one leaves out is empty; what none has
        ever mentioned is unknown.
        """
        contact = self.calls.contact(remote_id)
        if contact is None:
            return None
        if id_of(contact) != remote_id:
            raise TransientError("GET /contacts/{contact_id} was answered with another contact")
        self._proven = True
        shown = Decoder(known).read(contact)
        if shown is None or self._is_elsewhere(contact):
            return Record(remote_id, {}, gone=True)
        self.looked.update(name for name in fields if shown.mentions(name))
        return shown.record(certain=True, silent=self.looked & set(fields))

    def _prove_looks(self, remote_id: str) -> None:
        """A "there is no such contact" counts only where another contact can be looked at.

        Raises:
            RecordError: not even a contact of the listing is found that way. Those may have
                been deleted a moment ago, or else looks do not work: nobody is gone for it.
        """
        if self._proven:
            return
        rows = [row for row in self.calls.contacts(1).rows if isinstance(row, Mapping)]
        others = [i for row in rows[:4] if (i := id_of(row)) and i != remote_id]
        self._proven = any(self.calls.contact(other) is not None for other in others)
        if others and not self._proven:
            said = "A direct look finds no contact, not even one of the list"
            self.remark(f"{said}: nobody is taken to be gone. Check base_url.")
            raise RecordError(f"{said}; nothing is believed to be gone", code="unproven")

    def _is_elsewhere(self, contact: Mapping[str, Any]) -> bool:
        """Whether a contact says, by ids, that it is on other lists than ours only."""
        lists = contact.get("lists")
        if not isinstance(lists, list) or not lists:
            return False
        if not all(isinstance(one, Mapping) for one in lists):
            return False
        ids = [one.get("id", one.get("list_id")) for one in lists]
        return all(isinstance(i, str) for i in ids) and self.settings.list_id not in ids
