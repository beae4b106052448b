"""`syncd explain`: why one contact is as it is, or one of its notes or tasks."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import advice, timeline
from syncd.cli.children import Children, write_of
from syncd.cli.context import CommandContext, context_of, opened, pair_names
from syncd.cli.reasons import Subject, why
from syncd.cli.subjects import children_of, find
from syncd.cli.values import moment, shown
from syncd.core import consent
from syncd.core.normalise import identity_key
from syncd.errors import ConfigError
from syncd.model.link import State
from syncd.model.record import Resource
from syncd.model.side import SIDES, Side
from syncd.model.values import fields_from_json, to_json
from syncd.store import members
from syncd.store.database import reading

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    ctx: typer.Context,
    contact: Annotated[
        str,
        typer.Argument(help="An e-mail address, or an id of either side; of a note or task too."),
    ],
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
) -> None:
    """Tell why a contact is as it is: both sides, the last agreement, the rules, the writes.

    The newest of what belongs to it is listed; the id of one of these tells as much of that.
    This shows personal data.
    """
    context = context_of(ctx)
    found: list[tuple[Subject, Sequence[Children]]] = []
    with opened(context) as opened_app:
        for name in pair_names(opened_app, [pair] if pair else []):
            streams = opened_app.open_pair(name, create_fields=False)
            found += [
                (one, children_of(opened_app, streams, one) if _is_contact(one) else ())
                for one in find(opened_app, streams, contact)
            ]
        if not found:
            raise _unknown(opened_app, contact, [pair] if pair else [])
        if context.json:
            contents = [(one, _content(one, children)) for one, children in found]
            answer = {
                "contacts": [content for one, content in contents if _is_contact(one)],
                "records": [content for one, content in contents if not _is_contact(one)],
            }
            context.answer(answer)
            return
        for subject, children in found:
            _show(context, subject, children)


def _is_contact(subject: Subject) -> bool:
    return subject.resource is Resource.CONTACT


def _unknown(opened_app: App, named: str, asked: Sequence[str]) -> ConfigError:
    """Nobody has seen it; the suppression ledger may know it all the same."""
    key = identity_key(named)
    with reading(opened_app.store) as db:
        for name in pair_names(opened_app, asked):
            for resource in opened_app.pair_named(name).settings.streams:
                if members.known_as(db, name, resource, named.strip()):
                    return ConfigError(
                        f"Pair '{name}' has a {resource.value} with this id, but its"
                        f" `{resource.value}s:` rest now.",
                        hint="Type `syncd check`, which says why.",
                    )
        accounts = list(opened_app.configuration.accounts)
        since = opened_app.ledger.suppressed(db, [key], accounts).get(key) if key else None
    if since is not None:
        return ConfigError(
            f"No pair has a contact with this address; it opted out on {since:%Y-%m-%d}.",
            hint="It is on the suppression ledger, so it is neither created nor mailed.",
        )
    return ConfigError(
        "No pair has seen this contact, or anything of a contact with this id.",
        hint="If it is new, type `syncd sync`; a platform's search may lag by minutes.",
    )


def _show(context: CommandContext, subject: Subject, children: Sequence[Children]) -> None:
    names = subject.accounts
    context.out.print(_title(subject), style="bold", soft_wrap=True)
    for side in SIDES:
        context.out.print(f"  {names[side]}: {_standing(subject, side)}", soft_wrap=True)
    if _is_contact(subject):
        context.out.print(f"  {_consent(subject)}", soft_wrap=True)
    else:
        context.out.print(f"  contact: {_contact(subject)}", soft_wrap=True)
    if subject.link is not None and subject.link.ended:
        context.out.print(f"  The link has ended: {advice.told(subject.link.ended)}.")
    context.out.print(_rules(subject))
    if subject.ops:
        context.out.print(_writes(subject))
    for some in children:
        if some.count:
            context.out.print(some.table())
        for line in some.lines():
            context.out.print(line)
    if subject.history:
        context.out.print(
            timeline.table("The newest of its history, in UTC", subject.history, values=True)
        )
    if any(some.count for some in children):
        context.out.print("Look at one with `syncd explain ID`.")


def _title(subject: Subject) -> str:
    if _is_contact(subject):
        return f"Pair {subject.pair}"
    return f"Pair {subject.pair}, {subject.resource.value}: {shown(subject.known_as or None)}"


def _standing(subject: Subject, side: Side) -> str:
    member, seen = subject.members[side], subject.seen[side]
    if member is None or seen is None:
        return "nothing there"
    told = f": {advice.told(member.cause)}" if member.cause else ""
    parts = [f"{member.remote_id}, {member.state.value}{told}"]
    if seen.modified:
        parts.append(f"changed {moment(seen.modified)}")
    if member.state is State.PARKED and advice.what_to_do(member.cause):
        parts.append(advice.what_to_do(member.cause).rstrip("."))
    if member.todo:
        parts.append("the next cycle looks at it again")
    return "; ".join(parts)


def _consent(subject: Subject) -> str:
    parts = [
        f"{subject.accounts[side]} {shown(consent.shown(subject.shown(side)))}" for side in SIDES
    ]
    ledger = f"opted out {subject.opted_out:%Y-%m-%d %H:%M}" if subject.opted_out else "nothing"
    return f"consent: {', '.join(parts)}; suppression ledger: {ledger}"


def _contact(subject: Subject) -> str:
    """To whom a record belongs; where it was moved, the sides differ for a while."""
    ids: dict[str, list[str]] = {}
    for side in SIDES:
        if (contact := subject.contacts[side]) is not None:
            account = subject.accounts[side]
            ids.setdefault(contact.key or "no address", []).append(
                f"{account}: {contact.remote_id}"
            )
    told = (f"{address} ({', '.join(those)})" for address, those in ids.items())
    return "; ".join(told) or "none that is known"


def _rules(subject: Subject) -> Table:
    left, right = subject.accounts
    table = Table(title="Field by field", title_justify="left")
    for heading in ("rule", left, right, "at the last agreement", "why"):
        table.add_column(heading, overflow="fold")
    for rule in subject.rules:
        before = dict.fromkeys(
            ", ".join(map(shown, values)) if values else "never"
            for values in subject.shadow_of(rule)
        )
        table.add_row(
            f"{rule.name}\n{rule.direction.value}, {rule.policy.value}",
            ", ".join(map(shown, subject.values(rule).left)),
            ", ".join(map(shown, subject.values(rule).right)),
            " | ".join(before),
            why(subject, rule),
        )
    return table


def _writes(subject: Subject) -> Table:
    table = Table(title="The last writes", title_justify="left")
    for heading in ("run", "tried", "on", "what", "fields", "outcome"):
        table.add_column(heading, overflow="fold")
    for op in subject.ops:
        patch = fields_from_json(op["patch"])
        outcome = op["state"] + (f": {op['error']}" if op["error"] else "")
        table.add_row(
            str(op["run_id"]),
            moment(op["sent_at"]),
            subject.accounts.left if op["side"] == "left" else subject.accounts.right,
            op["kind"],
            "\n".join(f"{name}: {shown(value)}" for name, value in patch.items()),
            outcome,
        )
    return table


def _content(subject: Subject, children: Sequence[Children]) -> dict[str, Any]:
    sides = {}
    for side in SIDES:
        member, seen = subject.members[side], subject.seen[side]
        sides[side.value] = {
            "account": subject.accounts[side],
            "remote_id": member.remote_id if member else None,
            "state": member.state.value if member else None,
            "cause": member.cause if member else None,
            "modified": seen.modified if seen else None,
            **_of_its_kind(subject, side),
        }
    return {
        "pair": subject.pair,
        "resource": subject.resource.value,
        "known_as": subject.known_as,
        "link": subject.link.id if subject.link else None,
        "ended": subject.link.ended if subject.link else None,
        "opted_out_at": subject.opted_out,
        "sides": sides,
        "rules": [
            {
                "rule": rule.name,
                "direction": rule.direction.value,
                "policy": rule.policy.value,
                "left": [to_json(v) for v in subject.values(rule).left],
                "right": [to_json(v) for v in subject.values(rule).right],
                "why": why(subject, rule),
            }
            for rule in subject.rules
        ],
        "writes": [write_of(op) for op in subject.ops],
        "history": [timeline.content(noted, values=True) for noted in subject.history],
        "children": {some.noun: some.content() for some in children},
    }


def _of_its_kind(subject: Subject, side: Side) -> dict[str, Any]:
    """What only contacts have, and what has a contact."""
    if _is_contact(subject):
        return {"consent": to_json(consent.shown(subject.shown(side)))}
    contact = subject.contacts[side]
    return {
        "contact": {"remote_id": contact.remote_id, "address": contact.key} if contact else None
    }
