"""Promises about pages: they resume, they repeat, and they show who is gone."""

from collections.abc import Callable, Collection, Mapping

from syncd.model.record import Page, Record
from syncd.model.spec import Deletions
from syncd.testing.contract.harness import Harness
from syncd.testing.contract.promise import NotAskedError, hold
from syncd.testing.contract.seen import fields_of, shown, some

Fresh = Callable[[], Harness]


def pages_resume(fresh: Fresh) -> None:
    """A sweep and a pull of changes, broken off behind each of their pages in turn."""
    harness = fresh()
    if not harness.in_pages:
        raise NotAskedError("they are not listed in pages")
    people = harness.populate(3 * harness.page_size + 2)
    sweep = harness.pull(full=True)
    _show_all(people, sweep, "A sweep from the start")
    hold(
        len(sweep) >= 3,
        f"{len(people)} records came in {len(sweep)} pages; `Platform.page_size` says that a page"
        f" holds {harness.page_size}, so there should be 4. Without several pages nothing"
        " can be tested: set a small page in `Platform.settings`",
    )
    _go_on_anywhere(harness, people, sweep, full=True)
    if not harness.spec.incremental:
        return
    cursor = sweep[-1].cursor
    harness.clock.sleep(60.0)
    edited = sorted(people)[: 2 * harness.page_size + 1]
    for number, remote_id in enumerate(edited):
        harness.edit(remote_id, {harness.text: f"Edited {number}"})
    harness.settle()
    changes = harness.pull(cursor)
    _show_all(edited, changes, "A pull of what changed since the sweep")
    _go_on_anywhere(harness, edited, changes, full=False)
    _show_edits_made_during_a_sweep(fresh())


def _go_on_anywhere(
    harness: Harness, ids: Collection[str], pages: list[Page], *, full: bool
) -> None:
    what = "sweep" if full else "pull of changes"
    for number, page in enumerate(pages[:-1], 1):
        rest = harness.pull(page.cursor, full=full, by=harness.opened())
        _show_all(
            ids,
            [*pages[:number], *rest],
            f"A {what} that was broken off behind page {number} of {len(pages)}, together with"
            " what a new connector pulled from that page's cursor,",
        )
        begun_anew = number > 1 and set(shown(pages[:1])) <= set(shown(rest)) != set()
        hold(
            not (full and begun_anew),
            f"A sweep that goes on from the cursor of page {number} begins with the first page"
            " again, so that a long one would never end. If `cursor` comes from an unfinished"
            " sweep, go on there, even with `full=True`",
        )


def _show_edits_made_during_a_sweep(harness: Harness) -> None:
    people = harness.populate(2 * harness.page_size + 1)
    sweep = harness.pages(full=True)
    first = next(sweep)
    seen = next((r.remote_id for r in first.records if r.remote_id in people), None)
    hold(seen is not None, "The first page of a sweep shows nobody of those who exist")
    harness.clock.sleep(2.0)
    harness.edit(seen or "", {harness.text: "Edited meanwhile"})
    added = harness.create(harness.person())
    harness.clock.sleep(2.0)
    pages = [first, *sweep]
    harness.settle()
    later = shown([*pages[1:], *harness.pull(pages[-1].cursor, by=harness.opened())])
    hold(
        seen in later and later[seen].fields.get(harness.text) == "Edited meanwhile",
        "A record was edited while a sweep was under way that had passed it, and the pull from"
        " the sweep's last cursor does not show the edit. That cursor has to stand where the"
        " sweep *began*",
    )
    hold(
        added in later,
        "A record that was created during a sweep is shown neither by it nor by the next pull",
    )


def _show_all(ids: Collection[str], pages: list[Page], what: str) -> None:
    records = shown(pages)
    missing = [i for i in ids if i not in records]
    hold(
        not missing,
        f"{what} did not show {len(missing)} of {len(ids)} records ({some(missing)}). A page may"
        " overlap with the one before, but never jump",
    )


def repeats_are_harmless(fresh: Fresh) -> None:
    """Every page is read again from the cursor before it."""
    harness = fresh()
    people = harness.populate(2 * harness.page_size + 1)
    before = set(harness.existing())
    sweep = harness.pull(full=True)
    _repeat(harness, [None, *(page.cursor for page in sweep[:-1])], full=True)
    if harness.spec.incremental:
        harness.clock.sleep(60.0)
        for remote_id in sorted(people)[: harness.page_size + 1]:
            harness.edit(remote_id, {harness.text: "Edited"})
        harness.settle()
        changes = harness.pull(sweep[-1].cursor, by=harness.opened())
        cursors = [sweep[-1].cursor, *(page.cursor for page in changes[:-1])]
        _repeat(harness, list(cursors), full=False)
    hold(set(harness.existing()) == before, "Reading has changed which records exist")


def _repeat(harness: Harness, cursors: list[str | None], *, full: bool) -> None:
    for number, cursor in enumerate(cursors, 1):
        by = harness.opened()
        first, again = (fields_of(shown(harness.pull(cursor, full=full, by=by))) for _ in range(2))
        lost, changed = first.keys() - again.keys(), _differing(first, again)
        where = f"{'a sweep' if full else 'a pull of changes'} from the cursor before page {number}"
        hold(
            not lost,
            f"The same connector was asked twice for {where}, and the second time it left out"
            f" {len(lost)} records ({some(lost)}). The first answer may never have been stored:"
            " the cursor alone says what was read",
        )
        hold(not changed, f"Asked twice for {where}, it showed {some(changed)} differently")


def _differing(first: Mapping[str, object], again: Mapping[str, object]) -> list[str]:
    return [i for i in first.keys() & again.keys() if first[i] != again[i]]


def deletions_appear(fresh: Fresh) -> None:
    """Somebody is deleted by hand, and the connector shows it as its Spec says."""
    harness = fresh()
    people = harness.populate(harness.page_size + 2)
    sweep = harness.pull(full=True)
    victim = sorted(people)[1]
    for name, look in harness.looks.items():
        hold(not look(victim, None).gone, f"`{name}` says of a record that exists that it is gone")
    harness.clock.sleep(60.0)
    harness.delete(victim)
    harness.settle()
    if harness.spec.deletions is Deletions.NEVER:
        raise NotAskedError("the Spec says that deletions never show")
    for name, look in harness.looks.items():
        _is_gone(look(victim, None), f"`{name}` of a deleted record")
    if harness.spec.deletions is Deletions.FEED:
        told = shown(harness.pull(sweep[-1].cursor, by=harness.opened()))
        hold(
            victim in told,
            "The Spec says that the list of changes tells of deletions, and a pull of changes"
            " does not mention a deleted record. Say `Deletions.SWEEP` if there is no such list",
        )
        _is_gone(told[victim], "The record of a deletion in a pull of changes")
        _alive(told, people, victim)
    anew = shown(harness.pull(full=True, by=harness.opened()))
    hold(
        victim not in anew or anew[victim].gone,
        "A sweep shows a deleted record as if it existed, so its deletion would never be seen",
    )
    _alive(anew, people, victim)
    others = [i for i in people if i != victim]
    missing = [i for i in others if i not in anew]
    hold(not missing, f"After one deletion a sweep lacks others too: {some(missing)}")


def _is_gone(record: Record, what: str) -> None:
    hold(
        record.gone,
        f"{what} does not say `gone=True`. Without it nobody can tell a deletion from a record"
        " that has no values",
    )


def _alive(records: dict[str, Record], people: Collection[str], victim: str) -> None:
    wrong = [i for i in people if i != victim and i in records and records[i].gone]
    hold(not wrong, f"Records that exist are shown as gone: {some(wrong)}")
