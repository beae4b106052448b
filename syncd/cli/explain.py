"""`syncd explain`: why one contact is as it is."""

from typing import Annotated, Any

import typer
from rich.table import Table

from syncd.app import App
from syncd.cli import advice
from syncd.cli.context import CommandContext, context_of, opened, pair_names
from syncd.cli.reasons import Subject, find, why
from syncd.cli.values import moment, shown
from syncd.core import consent
from syncd.core.normalise import identity_key
from syncd.errors import ConfigError
from syncd.model.link import State
from syncd.model.side import SIDES, Side
from syncd.model.values import fields_from_json, to_json
from syncd.store.database import reading

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    ctx: typer.Context,
    contact: Annotated[str, typer.Argument(help="An e-mail address, or an id of either side.")],
    pair: Annotated[str | None, typer.Argument(help="All pairs, if none is named.")] = None,
) -> None:
    """Tell why a contact is as it is: both sides, the last agreement, the rules, the writes.

    This shows personal data.
    """
    context = context_of(ctx)
    found: list[Subject] = []
    with opened(context) as opened_app:
        for name in pair_names(opened_app, [pair] if pair else []):
            found += find(opened_app, name, contact)
        if not found:
            raise _unknown(opened_app, contact)
        if context.json:
            context.answer({"contacts": [_content(subject) for subject in found]})
            return
        for subject in found:
            _show(context, subject)


def _unknown(opened_app: App, contact: str) -> ConfigError:
    """Nobody has seen this contact; the suppression ledger may know it all the same."""
    key = identity_key(contact)
    with reading(opened_app.store) as db:
        accounts = list(opened_app.configuration.accounts)
        since = opened_app.ledger.suppressed(db, [key], accounts).get(key) if key else None
    if since is not None:
        return ConfigError(
            f"No pair has a contact with this address; it opted out on {since:%Y-%m-%d}.",
            hint="It is on the suppression ledger, so it is neither created nor mailed.",
        )
    return ConfigError(
        "No pair has seen this contact.",
        hint="If it is new, type `syncd sync`; a platform's search may lag by minutes.",
    )


def _show(context: CommandContext, subject: Subject) -> None:
    names = subject.accounts
    context.out.print(f"Pair {subject.pair}", style="bold")
    for side in SIDES:
        context.out.print(f"  {names[side]}: {_standing(subject, side)}", soft_wrap=True)
    context.out.print(f"  {_consent(subject)}", soft_wrap=True)
    if subject.link is not None and subject.link.ended:
        context.out.print(f"  The link has ended: {advice.told(subject.link.ended)}.")
    context.out.print(_rules(subject))
    if subject.ops:
        context.out.print(_writes(subject))


def _standing(subject: Subject, side: Side) -> str:
    member, seen = subject.members[side], subject.seen[side]
    if member is None or seen is None:
        return "nothing there"
    parts = [f"{member.remote_id}, {member.state.value}"]
    if told := advice.told(member.cause):
        parts.append(f"because it {told}")
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


def _content(subject: Subject) -> dict[str, Any]:
    sides = {}
    for side in SIDES:
        member, seen = subject.members[side], subject.seen[side]
        sides[side.value] = {
            "account": subject.accounts[side],
            "remote_id": member.remote_id if member else None,
            "state": member.state.value if member else None,
            "cause": member.cause if member else None,
            "modified": seen.modified if seen else None,
            "consent": to_json(consent.shown(subject.shown(side))),
        }
    return {
        "pair": subject.pair,
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
        "writes": [
            {name: op[name] for name in ("run_id", "side", "kind", "state", "sent_at", "error")}
            for op in subject.ops
        ],
    }
