"""Reports: windows in epoch milliseconds go in, zone-less local times come out.

Source: maileon.md §3.3, §8 rows 13, 15, 16. Element names as the official client reads
them. `/reports/bounces/unique` is gone and so has no route.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncd.sandbox.maileon.account import Account, Event, OptOut
from syncd.sandbox.maileon.answers import Answer, RefusalError, element, local
from syncd.sandbox.maileon.call import Call, Handler, Route
from syncd.sandbox.maileon.paging import page_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of any report; who it was about is None where it is shown anonymously."""

    contact_id: int
    email: str | None
    external_id: str | None
    anonymous: bool
    at: datetime
    source: str
    mailing_id: str | None
    rest: tuple[tuple[str, str], ...]  # further elements, in order


def unsubscriptions(call: Call) -> list[Entry]:
    """Opt-outs by any route, whatever became of the marker or the contact (§7.2)."""
    account = call.account
    entries = [_of_opt_out(account, each) for each in account.opt_outs if _is_due(account, each)]
    wanted = call.text("source")
    if wanted:
        entries = [each for each in entries if each.source == wanted]
    if call.flag("exclude_anonymous", default=False):
        entries = [each for each in entries if not each.anonymous]
    return _narrowed(call, entries)


def subscribers(call: Call) -> list[Entry]:
    """Only confirmations of DOI mails that Maileon sent, never imports (§8 row 15)."""
    return _events(call, "subscriber", "exclude_anonymous_contacts", default=True)


def bounces(call: Call) -> list[Entry]:
    entries = _events(call, "bounce", "exclude_anonymous_bounces", default=False)
    entries = _with(entries, "type", call.texts("type"))
    entries = _with(entries, "source", call.texts("source_filter"))
    return _with(entries, "status_code", call.texts("status_code"))


def blocks(call: Call) -> list[Entry]:
    entries = _events(call, "block", "exclude_anonymous_blocks", default=True)
    entries = _with(entries, "reason", call.texts("reasons"))
    entries = _with(entries, "old_status", call.texts("old_status"))
    return _with(entries, "new_status", call.texts("new_status"))


def opens(call: Call) -> list[Entry]:
    entries = _rows(call, "open")
    return _narrowed(call, _with(entries, "device_type", call.texts("device_type")))


def clicks(call: Call) -> list[Entry]:
    entries = _rows(call, "click")
    return _narrowed(call, _with(entries, "link_id", call.texts("link_id")))


def unique(read: Callable[[Call], list[Entry]]) -> Callable[[Call], list[Entry]]:
    """The first row of each contact and mailing."""

    def first(call: Call) -> list[Entry]:
        found: dict[tuple[int, str | None], Entry] = {}
        for each in read(call):
            found.setdefault((each.contact_id, each.mailing_id), each)
        return list(found.values())

    return first


def nothing(call: Call) -> list[Entry]:
    """A report of mailings; the sandbox sends none, but the window is still checked."""
    return _narrowed(call, [])


def unsubscription_reasons(call: Call) -> Answer:
    """Reasons with their numbers, by `order` (count or name) and `asc`."""
    account, order = call.account, call.text("order") or "count"
    if order not in ("count", "name"):
        raise RefusalError(400, "order must be count or name")
    start, end = _window(call)
    tally = Counter(
        reason.partition("|")[0]
        for each in account.opt_outs
        if start <= each.at < end and _is_due(account, each)
        for reason in each.reasons
    )
    rows = sorted(tally.items(), key=lambda row: (row[1], row[0]) if order == "count" else row[:1])
    if not call.flag("asc", default=False):
        rows.reverse()
    page, headers = page_of(call, rows)
    shown = "".join(
        f"<unsubscription_reason>{element('reason', reason)}{element('count', count)}"
        "</unsubscription_reason>"
        for reason, count in page
    )
    return Answer(f"<unsubscription_reasons>{shown}</unsubscription_reasons>", headers=headers)


def _narrowed(call: Call, entries: list[Entry]) -> list[Entry]:
    """The common query: window, mailings, ids, addresses, external ids."""
    start, end = _window(call)
    ids, emails, eids = call.texts("ids"), call.texts("emails"), call.texts("eids")
    mailings, identity = call.texts("mailing_id"), call.account.contacts.identity
    wanted = {identity(each) for each in emails}
    return [
        each
        for each in entries
        if start <= each.at < end
        and (not ids or str(each.contact_id) in ids)
        and (not emails or (each.email is not None and identity(each.email) in wanted))
        and (not eids or each.external_id in eids)
        and (not mailings or each.mailing_id in mailings)
    ]


def _window(call: Call) -> tuple[datetime, datetime]:
    """`from_date` inclusive, `to_date` exclusive, both in milliseconds since 1970 UTC."""
    start, end = call.number("from_date"), call.number("to_date")
    try:
        return _moment(start or 0), datetime.max.replace(tzinfo=UTC) if end is None else _moment(
            end
        )
    except OverflowError as exc:
        raise RefusalError(400, "from_date and to_date are milliseconds since 1970") from exc


def _moment(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _is_due(account: Account, each: OptOut | Event) -> bool:
    """Entries show after a delay, which is a setting."""
    lag = timedelta(seconds=account.settings.report_lag_s)
    return each.at + lag <= account.world.clock.now()


def _of_opt_out(account: Account, each: OptOut) -> Entry:
    """Anonymising accounts keep only the id after a while (§3.3, U23).

    Whether the rule of §2.11, no names without tracking permission, hides opt-outs too
    is not said; a setting.
    """
    after_s = account.settings.anonymise_unsubscribers_after_s
    expired = after_s is not None and account.now >= each.at + timedelta(seconds=after_s)
    hidden = expired or (account.settings.hide_untracked_opt_outs and not each.tracked)
    mailing = None if each.mailing_id is None else str(each.mailing_id)
    return Entry(
        each.contact_id,
        None if hidden else each.email,
        None if hidden else each.external_id,
        hidden,
        each.at,
        each.source,
        mailing,
        (("source", each.source),),
    )


def _events(call: Call, kind: str, switch: str, *, default: bool) -> list[Entry]:
    entries = _rows(call, kind)
    if call.flag(switch, default=default):
        entries = [each for each in entries if not each.anonymous]
    return _narrowed(call, entries)


def _rows(call: Call, kind: str) -> list[Entry]:
    """Rows about contacts without tracking permission are anonymous (§2.11, §7.6)."""
    account = call.account
    return [
        Entry(
            each.contact_id,
            each.email if each.tracked else None,
            each.external_id if each.tracked else None,
            not each.tracked,
            each.at,
            each.details.get("source", ""),
            each.details.get("mailing_id"),
            tuple((k, v) for k, v in each.details.items() if k != "mailing_id"),
        )
        for each in account.events
        if each.kind == kind and _is_due(account, each)
    ]


def _with(entries: list[Entry], name: str, wanted: list[str]) -> list[Entry]:
    return [each for each in entries if not wanted or dict(each.rest).get(name) in wanted]


def _entry_xml(row: str, entry: Entry, account: Account) -> str:
    known = f"{element('external_id', entry.external_id)}{element('email', entry.email)}"
    who = (
        f'<contact anonymous="true">{element("id", entry.contact_id)}</contact>'
        if entry.anonymous
        else f"<contact>{element('id', entry.contact_id)}{known}</contact>"
    )
    mailing = "" if entry.mailing_id is None else element("mailing_id", entry.mailing_id)
    rest = "".join(element(name, value) for name, value in entry.rest)
    when = element("timestamp", local(entry.at, account.settings.zone))
    return f"<{row}>{who}{mailing}{when}{rest}</{row}>"


def _report(
    path: str, rows: str, row: str, read: Callable[[Call], list[Entry]]
) -> tuple[Route, Route]:
    """A report and its `/count` sibling."""

    def listed(call: Call) -> Answer:
        page, headers = page_of(call, read(call))
        shown = "".join([_entry_xml(row, each, call.account) for each in page])
        return Answer(f"<{rows}>{shown}</{rows}>", headers=headers)

    def counted(call: Call) -> Answer:
        return Answer(f"<count>{len(read(call))}</count>")

    handlers: tuple[tuple[str, Handler], ...] = ((path, listed), (f"{path}/count", counted))
    first, second = (Route("GET", each, handler) for each, handler in handlers)
    return first, second


ROUTES = (
    Route("GET", "/reports/unsubscriptions/reasons", unsubscription_reasons),
    *_report("/reports/unsubscriptions", "unsubscriptions", "unsubscription", unsubscriptions),
    *_report("/reports/subscribers", "subscribers", "subscriber", subscribers),
    *_report("/reports/bounces", "bounces", "bounce", bounces),
    *_report("/reports/blocks", "blocks", "block", blocks),
    *_report("/reports/recipients", "recipients", "recipient", nothing),
    *_report("/reports/opens", "opens", "open", opens),
    *_report("/reports/opens/unique", "unique_opens", "unique_open", unique(opens)),
    *_report("/reports/clicks", "clicks", "click", clicks),
    *_report("/reports/clicks/unique", "unique_clicks", "unique_click", unique(clicks)),
    *_report("/reports/filtered_contacts", "filtered_contacts", "filtered_contact", nothing),
)
