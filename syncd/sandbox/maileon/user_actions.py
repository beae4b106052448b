"""What a person does: in Maileon's screens, or as the subscriber who gets the mail.

Every action is a function of the account and its arguments; the result is shown as JSON.
Contacts are named by `id` or by `email`.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from syncd.sandbox.maileon import custom_fields, preferences
from syncd.sandbox.maileon.account import Account, Category, DoiMail
from syncd.sandbox.maileon.contact import Contact
from syncd.sandbox.maileon.drafts import Draft, PreferenceDraft
from syncd.sandbox.maileon.fields import BadValueError, check_email
from syncd.sandbox.maileon.keys import METHODS, Key, Keyring
from syncd.sandbox.maileon.writing import Values, judge, write_values

Arguments = dict[str, Any]
Result = dict[str, Any]


def create(account: Account, arguments: Arguments) -> Result:
    """A new contact, as typed into the screens; opted-out addresses can come back so."""
    email = str(arguments["email"])
    _check_email(email)
    if account.settings.identity == "email" and account.contacts.with_email(email):
        raise ValueError(f"a contact with the address {email} exists")
    values = _judge(account, _draft(arguments))
    contact = account.create(email, _permission(arguments), arguments.get("external_id"))
    write_values(account, contact, values)
    return {"id": contact.id}


def edit(account: Account, arguments: Arguments) -> Result:
    """Change `new_email`, `external_id`, `standard_fields`, `custom_fields`; None clears."""
    contact = _contact(account, arguments)
    values = _judge(account, _draft(arguments))
    email = arguments.get("new_email")
    if email is not None:
        _check_email(email)
        others = [each for each in account.contacts.with_email(email) if each is not contact]
        if others and account.settings.identity == "email":
            raise ValueError(f"another contact has the address {email}")
        account.contacts.set_email(contact, email)
    write_values(account, contact, values)
    if "external_id" in arguments:
        account.contacts.set_external_id(contact, arguments["external_id"] or None)
    account.contacts.touch(contact, account.now)
    return {"id": contact.id}


def set_permission(account: Account, arguments: Arguments) -> Result:
    contact = _contact(account, arguments)
    contact.permission = _permission(arguments)
    if account.settings.bump_on_permission:
        account.contacts.touch(contact, account.now)
    return {"id": contact.id}


def unsubscribe(account: Account, arguments: Arguments) -> Result:
    """Opt out by `source` (link, reply, complaint, …), with effect after `delay_s` (0)."""
    contact = _contact(account, arguments)
    account.unsubscribe(
        contact,
        str(arguments.get("source", "link")),
        delay_s=int(arguments.get("delay_s", 0)),
        reasons=[str(each) for each in arguments.get("reasons", ())],
        mailing_id=arguments.get("mailing_id", 5512),
    )
    return {"id": contact.id}


def resubscribe(account: Account, arguments: Arguments) -> Result:
    """Sign up again and confirm the mail: a new contact with a new id (§7.1).

    The marker stays unless `remove_marker` is true or the settings remove it.
    """
    email = str(arguments["email"])
    _check_email(email)
    if account.contacts.with_email(email):
        raise ValueError(f"a contact with the address {email} exists")
    contact = account.create(email, 1, arguments.get("external_id"))
    if arguments.get("remove_marker", False):
        account.markers.pop(account.contacts.identity(email), None)
    plus = 5 if arguments.get("plus", True) else 4
    account.send_doi(contact, None, plus, "person")
    return confirm_doi(account, {"id": contact.id})


def confirm_doi(account: Account, arguments: Arguments) -> Result:
    """Click the link of the pending DOI mail; the only thing `/reports/subscribers` knows."""
    contact = _contact(account, arguments)
    mails = [each for each in account.doi_mails if each.contact_id == contact.id]
    if contact.awaits is None or not mails:
        raise ValueError("no DOI mail was sent to this contact")
    contact.permission, contact.awaits = contact.awaits, None
    if account.settings.bump_on_permission:
        account.contacts.touch(contact, account.now)
    account.note("subscriber", contact, {"mailing_id": "5501"})
    return {"id": contact.id, "permission": contact.permission}


def delete(account: Account, arguments: Arguments) -> Result:
    """A hard delete, of which no report tells (§3.2)."""
    contact = _contact(account, arguments)
    account.delete(contact)
    return {"id": contact.id}


def bounce(account: Account, arguments: Arguments) -> Result:
    """A bounce; with `blocks` the bounce policy blocks the contact too."""
    contact = _contact(account, arguments)
    kind = str(arguments.get("type", "permanent"))
    if kind not in ("permanent", "transient"):
        raise ValueError("type must be permanent or transient")
    code = str(arguments.get("status_code", "5.1.1" if kind == "permanent" else "4.2.2"))
    details = {"mailing_id": "5512", "type": kind, "status_code": code, "source": "mta-listener"}
    account.note("bounce", contact, details)
    if account.settings.bump_on_bounce:
        account.contacts.touch(contact, account.now)
    if arguments.get("blocks", False):
        account.block(contact, "bounce_policy")
    return {"id": contact.id}


def open_mail(account: Account, arguments: Arguments) -> Result:
    """A mail of the `mailing` is opened; each time is a row of its own (§3.3)."""
    contact = _contact(account, arguments)
    mailing = str(arguments.get("mailing", "5512"))
    account.note("open", contact, {"mailing_id": mailing, "device_type": "PC"})
    return {"id": contact.id}


def click(account: Account, arguments: Arguments) -> Result:
    """A `link` in a mail of the `mailing` is followed (§3.3)."""
    contact = _contact(account, arguments)
    mailing, link = str(arguments.get("mailing", "5512")), str(arguments.get("link", "71"))
    account.note("click", contact, {"mailing_id": mailing, "link_id": link})
    return {"id": contact.id}


def block(account: Account, arguments: Arguments) -> Result:
    """Stop sending: `reason` is blacklist or bounce_policy. Not an opt-out (§7.5)."""
    contact = _contact(account, arguments)
    reason = str(arguments.get("reason", "blacklist"))
    if reason not in ("blacklist", "bounce_policy"):
        raise ValueError("reason must be blacklist or bounce_policy")
    account.block(contact, reason)
    return {"id": contact.id}


def unblock(account: Account, arguments: Arguments) -> Result:
    contact = _contact(account, arguments)
    account.unblock(contact)
    return {"id": contact.id}


def blacklist(account: Account, arguments: Arguments) -> Result:
    """Put `entries` on the blacklist `list` (3); people may change the global ones too."""
    found = account.blacklists.get(int(arguments.get("list", 3)))
    if found is None:
        raise ValueError("no such blacklist")
    account.blacklist(found, [str(each) for each in arguments["entries"]])
    return {"entries": found.entries}


def wipe_unsubscribers(account: Account, arguments: Arguments) -> Result:
    """Delete the whole unsubscriber database (§3.3, §8 row 35).

    Whether the markers go with it is unknown (U28): they do unless `keep_markers` is true.
    """
    wiped = len(account.opt_outs)
    account.opt_outs.clear()
    if not arguments.get("keep_markers", False):
        account.markers.clear()
    return {"wiped": wiped}


def create_custom_field(account: Account, arguments: Arguments) -> Result:
    custom_fields.create(account, str(arguments["name"]), str(arguments.get("type", "string")))
    return {"custom_fields": account.custom_fields}


def rename_custom_field(account: Account, arguments: Arguments) -> Result:
    """`name` becomes `new_name`; the values stay in it."""
    try:
        custom_fields.rename(account, str(arguments["name"]), str(arguments["new_name"]))
    except LookupError as exc:
        raise ValueError(str(exc)) from exc
    return {"custom_fields": account.custom_fields}


def delete_custom_field(account: Account, arguments: Arguments) -> Result:
    custom_fields.drop(account, str(arguments["name"]))
    return {"custom_fields": account.custom_fields}


def create_preference(account: Account, arguments: Arguments) -> Result:
    """A preference `name` in a `category`, which is made if it is not there."""
    name = str(arguments["category"])
    category = account.categories.setdefault(name, Category(name, None))
    preferences.add_preference(category, str(arguments["name"]))
    return {"category": name, "preferences": list(category.preferences)}


def set_preference(account: Account, arguments: Arguments) -> Result:
    contact = _contact(account, arguments)
    source = arguments.get("source")
    value = PreferenceDraft(
        str(arguments["category"]),
        str(arguments["name"]),
        str(arguments.get("value", "true")),
        source,
        source is not None,
    )
    changed = write_values(account, contact, _judge(account, Draft(preferences=[value])))
    if changed:
        account.contacts.touch(contact, account.now)
    return {"id": contact.id}


def opt_outs(account: Account, _arguments: Arguments) -> Result:
    """Report entries and markers, whole, as no API call shows them."""
    return {
        "unsubscribed": [{**asdict(each), "at": each.at.isoformat()} for each in account.opt_outs],
        "markers": [
            {"email": email, "since": since.isoformat()}
            for email, since in account.markers.values()
        ],
    }


def doi_mails(account: Account, _arguments: Arguments) -> Result:
    """Every double-opt-in mail sent; `cause` is the call, or "person"."""
    return {"doi_mails": [_doi_shown(each) for each in account.doi_mails]}


def seal_mailing(account: Account, arguments: Arguments) -> Result:
    """Send a mailing, so that `mailingId` may name it (§2.6)."""
    account.sealed_mailings.add(int(arguments["id"]))
    return {"sealed": sorted(account.sealed_mailings)}


def make_key(account: Account, keys: Keyring, arguments: Arguments) -> Result:
    """A key with some `methods`, an `expires` day (YYYY-MM-DD) or `expired`, and `ips`."""
    expires = arguments.get("expires")
    day = None if expires is None else date.fromisoformat(str(expires))
    if arguments.get("expired", False):
        day = (account.now - timedelta(days=2)).date()
    secret = str(arguments.get("key", f"sandbox-maileon-made-key-{len(keys) + 1}"))
    methods = frozenset(arguments.get("methods", METHODS))
    keys.add(Key(secret, methods, day, frozenset(arguments.get("ips", ()))))
    return {"api_key": secret}


def block_account(_account: Account, keys: Keyring, arguments: Arguments) -> Result:
    """Block the newsletter account, or open it again with `blocked` false."""
    keys.account_blocked = bool(arguments.get("blocked", True))
    return {"blocked": keys.account_blocked}


_WITH_ACCOUNT: dict[str, Callable[[Account, Arguments], Result]] = {
    each.__name__: each
    for each in (
        create,
        edit,
        set_permission,
        unsubscribe,
        resubscribe,
        confirm_doi,
        delete,
        bounce,
        open_mail,
        click,
        block,
        unblock,
        blacklist,
        wipe_unsubscribers,
        create_custom_field,
        rename_custom_field,
        delete_custom_field,
        create_preference,
        set_preference,
        opt_outs,
        doi_mails,
        seal_mailing,
    )
}
_WITH_KEYS: dict[str, Callable[[Account, Keyring, Arguments], Result]] = {
    each.__name__: each for each in (make_key, block_account)
}


def act(account: Account, keys: Keyring, action: str, arguments: Arguments) -> Result:
    """Raises ValueError for an unknown action or bad arguments."""
    try:
        if action in _WITH_ACCOUNT:
            return _WITH_ACCOUNT[action](account, arguments)
        if action in _WITH_KEYS:
            return _WITH_KEYS[action](account, keys, arguments)
    except KeyError as exc:
        raise ValueError(f"{action} needs {exc}") from exc
    except TypeError as exc:
        raise ValueError(f"{action}: {exc}") from exc
    known = ", ".join([*_WITH_ACCOUNT, *_WITH_KEYS])
    raise ValueError(f"Maileon has no action {action!r}; it has {known}")


def _contact(account: Account, arguments: Arguments) -> Contact:
    if "id" in arguments:
        found = account.contacts.get(int(arguments["id"]))
        if found is None:
            raise ValueError(f"no contact has the id {arguments['id']}")
        return found
    with_email = account.contacts.with_email(str(arguments["email"]))
    if not with_email:
        raise ValueError(f"no contact has the address {arguments['email']}")
    return with_email[0]


def _permission(arguments: Arguments) -> int:
    permission = arguments.get("permission", 4)
    if permission not in range(1, 7):
        raise ValueError("permission must be between 1 and 6")
    return int(permission)


def _draft(arguments: Arguments) -> Draft:
    def texts(name: str) -> dict[str, str | None]:
        given: dict[str, Any] = arguments.get(name, {})
        return {key: None if value is None else str(value) for key, value in given.items()}

    return Draft(standard=texts("standard_fields"), custom=texts("custom_fields"))


def _judge(account: Account, draft: Draft) -> Values:
    try:
        return judge(account, draft, cut=False)
    except BadValueError as exc:
        raise ValueError(exc.message) from exc


def _check_email(email: str) -> None:
    try:
        check_email(email)
    except BadValueError as exc:
        raise ValueError(exc.message) from exc


def _doi_shown(mail: DoiMail) -> Result:
    return {**asdict(mail), "at": mail.at.isoformat()}
