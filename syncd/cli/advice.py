"""Causes and problem codes in words: what happened, and what a person can do."""

from syncd.cli.values import counted

_CAUSES = {
    "opted_out": (
        "opted out; is not mailed and not synced",
        "Nothing; the opt-out is respected.",
    ),
    "consent": (
        "was opted in or let in again on one side after an opt-out; nothing is written for it",
        "Type `syncd conflicts list`, and settle it with `syncd conflicts resolve ID`.",
    ),
    "parent": ("the contact to which it belongs is not in step", ""),
    "no_parent": (
        "the other platform does not know the contact to which it belongs",
        "Type `syncd retry` once the contact is in step again.",
    ),
    "cannot_move": (
        "was given to another contact, and the other platform can neither do that nor delete it",
        "Give it to that contact there by hand.",
    ),
    "nothing_to_say": (
        "holds nothing that the mapping carries and the other side can hold",
        "Fill or shorten a field of the mapping, or leave it as it is.",
    ),
    "filter": ("the pair's filter leaves it out", ""),
    "too_old": ("starts longer ago than the pair's `back:`, and has no counterpart", ""),
    "too_far": ("starts later than the pair's `ahead:` says; its counterpart is made in time", ""),
    "create_off": ("has no counterpart, and the pair may not create one there", ""),
    "counterpart_deleted": (
        "its counterpart was deleted; it stays, as the pair's `delete:` says, or as it was edited"
        " after that",
        "Delete it here too, or enter the other one again.",
    ),
    "deleted": ("was deleted, as its counterpart was", ""),
    "both_gone": ("was deleted on both sides", ""),
    "no_key": (
        "has no usable e-mail address, so nobody can tell who it is",
        "Enter an address.",
    ),
    "duplicate_key": (
        "several contacts of one side share its address",
        "Merge them on their platform, or give them different addresses.",
    ),
    "duplicate_there": (
        "the other platform has a contact with its address or phone already",
        "Look at the contact there; then `syncd retry`.",
    ),
    "ambiguous": (
        "several contacts of the other side could be its counterpart, or the one with its address"
        " is somebody else's",
        "Give the right one the same address, and the other one its own.",
    ),
    "address_taken": (
        "its counterpart shows an address that another contact has by now: nothing but an opt-out"
        " is written there, or taken from there",
        "Give the counterpart its new address by hand.",
    ),
    "perhaps_opted_out": (
        "the other platform did not take it; it may have opted out there",
        "Look at the contact there; then `syncd retry`.",
    ),
    "exists_elsewhere": (
        "the other platform knows its address outside this list; it may have opted out there",
        "If it may be mailed, add it to the list there by hand; then `syncd retry`.",
    ),
    "opt_out_not_enforced": (
        "it opted out, and the other platform still shows it as active: mail may go out",
        "Unsubscribe it there by hand, at once; then `syncd retry`.",
    ),
    "unknown_field": (
        "the other platform does not know a field",
        "Type `syncd check`, then `syncd retry`.",
    ),
    "platform_fails": ("the other platform fails on it", "Type `syncd retry` later."),
    "other_id": ("the other platform knows it under another id", "Type `syncd sync --full`."),
}
_PROBLEMS = {
    "too_long": "longer than the other side can hold; it is kept here and not sent",
    "fixed_there": "the other side never changes this field of a contact; change it there by hand",
    "read_only": "the other side lets nobody change this field",
    "not_clearable": "the other side cannot empty this field",
    "ambiguous_date": (
        "nobody can tell which of its numbers is the month; write it as 1990-04-03 or 03.04.1990"
    ),
    "unreadable": "holds something that is no value of its kind; nothing is written over it",
    "undone_there": "the other side takes it back as often as it is written; see its automations",
    "untranslatable": "the mapping has no translation for this value",
    "no_inverse": "the mapping has no way back for this value",
    "address_taken": "the other side's record has by now the address of another contact",
    "duplicate_key": "another contact of the other side has this value",
    "opted_out": "this address has opted out, and the contact of the other side has not",
    "reserved": "a name that the other side's connector keeps for itself; it stays where it is",
    "reference_taken": "another value stands in the field for our id; it is left alone",
}
_NOTHING_TO_DO = frozenset(
    {
        *("opted_out", "filter", "too_old", "too_far", "create_off"),
        *("deleted", "both_gone", "counterpart_deleted"),
    }
)


def needs_a_person(cause: str | None) -> bool:
    """Whether somebody should look, or everything is as was decided."""
    return cause not in _NOTHING_TO_DO


def told(cause: str | None) -> str:
    """What a cause means."""
    if cause is None:
        return ""
    return _CAUSES[cause][0] if cause in _CAUSES else f"the other platform refused it ({cause})"


def what_to_do(cause: str | None) -> str:
    """What to do about it; empty where nothing is to be done."""
    if cause is None:
        return ""
    if cause in _CAUSES:
        return _CAUSES[cause][1]
    return "Correct it, or type `syncd retry`."


def left_alone(cause: str, n: int) -> str:
    """How many records stay as they are, whatever is tried.

    >>> left_alone("opted_out", 10), left_alone("counterpart_deleted", 1)
    ('10 have opted out', '1 has lost its counterpart')
    """
    match cause:
        case "opted_out":
            return counted(n, "has opted out", "have opted out")
        case "counterpart_deleted":
            return counted(n, "has lost its counterpart", "have lost their counterparts")
        case _:
            return counted(n, f"is parked as `{cause}`", f"are parked as `{cause}`")


def conflict_told(*, flips: bool) -> str:
    """Why a field is parked."""
    if flips:
        return "each side re-spells the other's value, again and again"
    return "both sides changed"


def problem_told(code: str) -> str:
    """Why a value cannot travel, and which record is the cause, if one is.

    >>> problem_told("duplicate_key: c1")
    'another contact of the other side has this value: c1'
    """
    word, _, record = code.partition(": ")
    if record:
        return f"{problem_told(word)}: {record}"
    if code in _PROBLEMS:
        return _PROBLEMS[code]
    if code.startswith("invalid_"):
        return f"no valid {code.removeprefix('invalid_')}; it is kept here and not sent"
    return f"cannot be sent ({code})"
