"""What a person does to contacts: in the screens, or as the one who gets the mail.

A contact is named by `id` or `email`, a list by `list` (an id; default the main one).
Whatever happens outside a campaign, no call of the API and no webhook tells (§11).
"""

from collections.abc import Callable
from dataclasses import replace

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.arguments import Arguments, Result, text
from syncd.sandbox.mailercloud.catalogue import MAIN_LIST_ID, Campaign, MailingList
from syncd.sandbox.mailercloud.contact import ACTIVE, TYPES, Contact, Status
from syncd.sandbox.mailercloud.entry import address, filled
from syncd.sandbox.mailercloud.payloads import Announcer, Event

REASONS = {
    "hard": "550 5.1.1 The email account that you tried to reach does not exist",
    "soft": "452 4.2.2 The recipient's inbox is out of storage space",
}


def create(announcer: Announcer, arguments: Arguments) -> Result:
    """Somebody new, typed in or come by `webform`; `fields`, `custom` by label, `tags`."""
    account = announcer.account
    email = address(account, text(arguments, "email"))
    if account.with_email(email) is not None:
        raise ValueError(f"a contact with the address {email} exists")
    form = account.webforms.get(text(arguments, "webform", "none"))
    if form is None and "webform" in arguments:
        raise ValueError("there is no such webform")
    fresh = account.new(email, _list(account, arguments).id)
    contact_type = text(arguments, "contact_type", ACTIVE)
    if contact_type != ACTIVE:
        fresh = replace(fresh, status=_status(account, contact_type, "screens"))
    saved = account.put(filled(account, fresh, arguments))
    if form is not None:
        form.submissions += 1
    return _shown(account, saved, _list(account, arguments).id)


def edit(announcer: Announcer, arguments: Arguments) -> Result:
    """`fields`, `custom` by label (null clears), `tags` (replaces)."""
    account = announcer.account
    contact = named(account, arguments)
    return _shown(account, account.put(filled(account, contact, arguments)))


def rename(announcer: Announcer, arguments: Arguments) -> Result:
    """`new_email`; the ids stay."""
    account = announcer.account
    contact = named(account, arguments)
    email = address(account, text(arguments, "new_email"))
    other = account.with_email(email)
    if other is not None and other.id != contact.id:
        raise ValueError(f"another contact has the address {email}")
    return _shown(account, account.rename(contact, email))


def delete(announcer: Announcer, arguments: Arguments) -> Result:
    """For good; unlike the API at any age."""
    contact = named(announcer.account, arguments)
    announcer.account.delete(contact)
    return {"id": contact.id}


def add_to_list(announcer: Announcer, arguments: Arguments) -> Result:
    account = announcer.account
    contact, mailing_list = named(account, arguments), _list(account, arguments)
    joined = account.put(account.joined(contact, mailing_list.id))
    return _shown(account, joined, mailing_list.id)


def remove_from_list(announcer: Announcer, arguments: Arguments) -> Result:
    account = announcer.account
    contact, mailing_list = named(account, arguments), _list(account, arguments)
    if mailing_list.id not in contact.lists:
        raise ValueError("the contact is not on that list")
    return _shown(account, account.left_list(contact, mailing_list.id))


def unsubscribe(announcer: Announcer, arguments: Arguments) -> Result:
    """By the link in a `campaign` (an id; default the newest): webhook and unsubs tell it."""
    account = announcer.account
    contact, campaign = named(account, arguments), _campaign(account, arguments)
    list_ids = tuple(each for each in campaign.list_ids if each in contact.lists)
    contact = account.block(contact, "unsubscribe", f"campaign {campaign.id}", list_ids)
    campaign.unsubs.append(account.touch_of(contact))
    _tell(announcer, "unsubscribe", contact, campaign, list_ids=list_ids)
    return _shown(account, contact)


def mark(announcer: Announcer, arguments: Arguments) -> Result:
    """Set `contact_type` in the screens; nothing tells it."""
    account = announcer.account
    contact_type = text(arguments, "contact_type")
    _status(account, contact_type, "")
    blocked = account.block(named(account, arguments), contact_type, "screens")
    return _shown(account, blocked)


def bounce(announcer: Announcer, arguments: Arguments) -> Result:
    """`kind` hard (the type becomes `bounce`) or soft (it stays); both are one event (§9.2)."""
    account = announcer.account
    contact, campaign = named(account, arguments), _campaign(account, arguments)
    kind = text(arguments, "kind", "hard")
    if kind not in REASONS:
        raise ValueError("kind must be hard or soft")
    reason = text(arguments, "reason", REASONS[kind])
    if kind == "hard":
        contact = account.block(contact, "bounce", f"campaign {campaign.id}")
    _tell(announcer, "bounce", contact, campaign, reason=reason)
    return _shown(account, contact)


def complain(announcer: Announcer, arguments: Arguments) -> Result:
    """Report a campaign as spam: type `abuse`, event `spam`."""
    account = announcer.account
    contact, campaign = named(account, arguments), _campaign(account, arguments)
    contact = account.block(contact, "abuse", f"campaign {campaign.id}")
    _tell(announcer, "spam", contact, campaign, reason=text(arguments, "reason", "abuse report"))
    return _shown(account, contact)


def resubscribe(announcer: Announcer, arguments: Arguments) -> Result:
    """Sign up again; nothing tells it."""
    account = announcer.account
    return _shown(account, account.block(named(account, arguments), ACTIVE, "person"))


def open_mail(announcer: Announcer, arguments: Arguments) -> Result:
    account = announcer.account
    contact, campaign = named(account, arguments), _campaign(account, arguments)
    campaign.opens.append(account.touch_of(contact))
    _tell(announcer, "open", contact, campaign)
    return _shown(account, contact)


def click(announcer: Announcer, arguments: Arguments) -> Result:
    account = announcer.account
    contact, campaign = named(account, arguments), _campaign(account, arguments)
    campaign.clicks.append(account.touch_of(contact))
    url = text(arguments, "url", "https://bakery.example.com/offer")
    _tell(announcer, "click", contact, campaign, url=url)
    return _shown(account, contact)


def empty(announcer: Announcer, _arguments: Arguments) -> Result:
    """Delete everybody."""
    everybody = list(announcer.account.contacts.values())
    for contact in everybody:
        announcer.account.delete(contact)
    return {"deleted": len(everybody)}


def opt_outs(announcer: Announcer, _arguments: Arguments) -> Result:
    """Everybody who is not active, whole, as no call shows them."""
    rows = []
    for contact in announcer.account.contacts.values():
        if contact.status.contact_type != ACTIVE:
            rows.append(_opt_out(contact, contact.status, None))
        rows += [_opt_out(contact, status, each) for each, status in contact.left.items()]
    return {"opt_outs": rows}


ACTIONS: dict[str, Callable[[Announcer, Arguments], Result]] = {
    each.__name__: each
    for each in (
        create,
        edit,
        rename,
        delete,
        add_to_list,
        remove_from_list,
        unsubscribe,
        mark,
        bounce,
        complain,
        resubscribe,
        open_mail,
        click,
        empty,
        opt_outs,
    )
}


def named(account: Account, arguments: Arguments) -> Contact:
    """The contact that is meant, by `id` or `email`."""
    if "id" in arguments:
        found = account.with_id(text(arguments, "id"))
    else:
        found = account.with_email(text(arguments, "email"))
    if found is None:
        raise ValueError("no contact has that id or address")
    return found


def _list(account: Account, arguments: Arguments) -> MailingList:
    found = account.lists.get(text(arguments, "list", MAIN_LIST_ID))
    if found is None:
        raise ValueError("there is no such list")
    return found


def _campaign(account: Account, arguments: Arguments) -> Campaign:
    newest = next(reversed(account.campaigns))
    found = account.campaigns.get(text(arguments, "campaign", newest))
    if found is None:
        raise ValueError("there is no such campaign")
    return found


def _status(account: Account, contact_type: str, cause: str) -> Status:
    if contact_type not in TYPES:
        raise ValueError(f"contact_type must be one of {', '.join(TYPES)}")
    return Status(contact_type, account.now, cause)


def _tell(
    announcer: Announcer,
    kind: str,
    contact: Contact,
    campaign: Campaign,
    *,
    list_ids: tuple[str, ...] = (),
    reason: str = "",
    url: str = "",
) -> None:
    at = announcer.account.now
    announcer.tell(Event(kind, (contact.email,), at, campaign, list_ids, reason, url))


def _shown(account: Account, contact: Contact, list_id: str = MAIN_LIST_ID) -> Result:
    status = contact.status_on(list_id).contact_type
    return {
        "id": account.shown_id(contact, list_id),
        "email": contact.email,
        "contact_type": status,
    }


def _opt_out(contact: Contact, status: Status, list_id: str | None) -> Result:
    return {
        "id": contact.id,
        "email": contact.email,
        "contact_type": status.contact_type,
        "at": status.at.isoformat() if status.at else None,
        "cause": status.cause,
        "list_id": list_id,
    }
