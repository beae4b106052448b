"""The contact that a probe makes for itself, tries things on, and removes."""

from collections.abc import Callable, Mapping
from typing import Any

from syncd.connectors.mailercloud.account import Account
from syncd.connectors.mailercloud.answers import complaint_in
from syncd.connectors.mailercloud.calls import OPT_OUT
from syncd.connectors.mailercloud.codec import id_of, tag_key, tags_of
from syncd.connectors.mailercloud.create import id_in, look_up
from syncd.connectors.mailercloud.fields import EMAIL
from syncd.connectors.mailercloud.values import folded, wire_email
from syncd.errors import AccountError, ConfigError, RecordError, StaleError, TransientError
from syncd.http.answer import Answer

TAG = "syncd-probe"
LOOKS_AFTER_S = (0, 5, 10, 15)
CITY, STATE = "Probetown", "Probeland"

Seen = tuple[bool | None, str]  # whether something holds, None if that was not seen; a remark


class Trial:
    """One contact of a live account that is nobody's.

    Attributes:
        email: its address.
        id: Mailercloud's id of it; empty until it is made, or if it was not told.
    """

    def __init__(self, account: Account, address: str) -> None:
        self._account = account
        self._calls = account.calls
        try:
            self.email = wire_email(address)
        except RecordError as cause:
            raise ConfigError(
                "The address for the probe is no e-mail address",
                hint="Give one at a domain of your own that nobody reads.",
            ) from cause
        self.id = ""

    def make(self) -> None:
        """Make the contact.

        Raises:
            ConfigError: the address exists already, or Mailercloud does not take it.
        """
        self._refuse_if(self._is_known(), "exists already", "nothing was tried")
        try:
            answer = self._calls.create({EMAIL: self.email, "city": CITY, "state": STATE})
            refused = complaint_in(answer)
        except TransientError:
            self._account.remark("the contact of the probe may have been made: see, and remove it")
            raise
        if refused is not None:
            why = "exists already" if refused.exists else "is not taken"
            self._refuse_if(True, why, f"{refused.label} was answered {refused.status}")
        self.id = id_in(answer.json_object()) or ""
        if not self.id:
            rows = look_up(self._account, self.email)
            self.id = (id_of(rows[0]) if rows else None) or ""
        self._calls.own(self.id)

    def _is_known(self) -> bool:
        """Whether the list or the account has the address already, as far as they tell."""
        if look_up(self._account, self.email):
            return True
        try:
            return self._calls.contact_by_email(self.email) is not None
        except (RecordError, TransientError):
            return False  # the call itself is one of the things that are tried

    def _refuse_if(self, so: bool, why: str, what: str) -> None:
        if so:
            raise ConfigError(
                f"The address for the probe {why}; {what}",
                hint="Give another address at a domain of your own that nobody reads.",
            )

    def remove(self) -> Seen:
        said = "remove it by hand in Mailercloud"
        if not self.id:
            self._account.remark(f"the contact of the probe was not found again; {said}")
            return None, f"the contact of the probe was not found again; {said}"
        try:
            refused = complaint_in(self._calls.delete_own(self.id))
        except (AccountError, ConfigError, RecordError, TransientError) as error:
            said = f"the contact of the probe was not removed ({error.message}); {said}"
        else:
            if refused is None:
                return True, f"the contact of the probe is removed; the tag {TAG} stays"
            self._calls.update(self.email, {"contact_type": OPT_OUT})
            said = f"the contact of the probe was not removed ({refused.status}); {said}"
        self._account.remark(said)
        return False, said

    def shown_tags(self, is_new: Callable[[set[str]], bool]) -> set[str] | None:
        """The contact's tags, directly or, as soon as it is up to date, in the listing."""
        tags = tags_of(self.look())
        if tags is not None:
            return {tag_key(tag) for tag in tags}
        for seconds in (0.0, *LOOKS_AFTER_S):
            self._account.pause(seconds)
            rows = look_up(self._account, self.email)
            tags = tags_of(rows[0]) if rows else None
            shown = {tag_key(tag) for tag in tags or ()}
            if tags is not None and is_new(shown):
                return shown
        return None

    def discard(self, remote_id: str) -> None:
        """Remove a contact that came into being by the way."""
        self._calls.own(remote_id)
        if complaint_in(self._calls.delete_own(remote_id)) is not None:
            self._account.remark("another contact of the probe stays: remove it by hand")

    def look(self) -> Mapping[str, Any]:
        """The contact as it is now.

        Raises:
            StaleError: it is not found.
        """
        found = self._calls.contact(self.id) if self.id else None
        if found is None:
            raise StaleError("the contact of the probe is not found by its id")
        if folded(found.get(EMAIL)) not in ("", self.email):
            raise StaleError("the direct look shows another contact")
        return found

    def put(self, **body: Any) -> None:
        good(self._calls.update(self.email, body))


def good(answer: Answer) -> Mapping[str, Any]:
    """What an answer holds that refuses nothing.

    Raises:
        RecordError, TransientError: it refuses.
    """
    refused = complaint_in(answer)
    if refused is not None:
        raise refused.error({})
    return answer.json_object()
