"""Who the account is, and what its key may do; changes nothing.

Source: maileon.md 1.3 (ping), 1.4 (account info), 1.2 (rights are per HTTP method).
"""

from datetime import datetime
from typing import Any

from syncd.connectors.maileon.account import Account
from syncd.connectors.maileon.answers import how_to_grant, judge, lacking
from syncd.errors import AccountError
from syncd.model.record import Identity, Right, is_usable_id

# What each HTTP method is for; no sync can do without one of them.
METHODS = {
    "GET": "read contacts and opt-outs",
    "POST": "create contacts and custom fields",
    "PUT": "change contacts, and mark addresses that opted out",
    "DELETE": "unsubscribe contacts: without it the first opt-out from the other side stops the"
    " pair",
}


def check(account: Account) -> Identity:
    """Ping with each method, then ask who the account is."""
    rights = [_right(account, method) for method in METHODS]
    if not rights[0].granted:
        raise AccountError(
            f"Maileon refuses this call: {lacking('GET')} (GET /ping was answered 403)",
            hint=how_to_grant("GET"),
        )
    shown = account.calls.account()
    account_id = shown.get("id")
    if not isinstance(account_id, int | str) or not is_usable_id(str(account_id)):
        raise AccountError("GET /account/info: the answer names no account id")
    _hint(account, shown)
    return Identity(
        account_id=str(account_id),
        title=str(shown.get("name") or "Maileon"),
        time_zone=account.clock.name,
        rights=tuple(rights),
        remarks=(*_remarks(account, shown), *account.remarks),
    )


def _right(account: Account, method: str) -> Right:
    what = METHODS[method]
    answer = account.calls.ping(method)
    if answer.status == 403:
        remark = f"It is needed to {what}. {how_to_grant(method)}"
        return Right(method, granted=False, remark=remark)
    judge(answer)
    return Right(method, granted=True, remark=what)


def _hint(account: Account, shown: dict[str, Any]) -> None:
    """`created` is the one time that Maileon shows with an offset, e.g. `+0200`."""
    try:
        created = datetime.fromisoformat(str(shown.get("created") or "").replace(" +", "+"))
    except ValueError:
        return
    account.clock.hint(created)


def _remarks(account: Account, shown: dict[str, Any]) -> list[str]:
    remarks = [f"account of type {shown['type']}"] if shown.get("type") else []
    if account.settings.key_is_encoded:
        remarks.append(
            "the API key looks already base64-encoded and is sent as it is; set"
            " api_key_form: plain if it is not"
        )
    if account.settings.new_contact_permission > 1:
        remarks.append(
            f"new contacts get permission {account.settings.new_contact_permission}: they can be"
            " mailed at once"
        )
    if account.clock.zone is None:
        remarks.append(
            "Maileon shows times without a zone, and `time_zone` is not set: the zone is"
            " measured by the first writes and remembered"
        )
    elif account.clock.name is None:
        remarks.append(f"measured time zone: {account.clock.zone}")
    return remarks
