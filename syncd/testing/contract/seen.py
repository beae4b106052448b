"""What calls gave, in forms that promises compare."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from syncd.model.op import Op, Receipt
from syncd.model.record import Page, Record
from syncd.model.values import Fields
from syncd.testing.contract.promise import hold


def check_receipts(batch: Sequence[Op], receipts: Iterable[Any]) -> None:
    """Exactly one receipt per op."""
    ids = [r.op_id if isinstance(r, Receipt) else None for r in receipts]
    hold(None not in ids, "`push` gave something that is no Receipt")
    asked = {op.id for op in batch}
    foreign, twice = set(ids) - asked, len(ids) - len(set(ids))
    missing = asked - set(ids)
    hold(
        not (foreign or twice or missing),
        f"{len(batch)} ops got {len(ids)} receipts: {len(missing)} ops have none, {twice} are"
        f" too many, {len(foreign)} are for ops that were not in the call",
    )


def shown(pages: Iterable[Page]) -> dict[str, Record]:
    """The last that some pages showed of each record."""
    return {r.remote_id: r for page in pages for r in page.records if r.remote_id}


def fields_of(records: Mapping[str, Record]) -> dict[str, tuple[Fields, bool]]:
    """Records for comparing: fields and whether they are gone, by id."""
    return {remote_id: (dict(r.fields), r.gone) for remote_id, r in records.items()}


def some(items: Iterable[str], most: int = 3) -> str:
    """The first of some names."""
    found = sorted(items)
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(repr, found[:most])) + rest
