"""What is read of one side alone: records from which fields of its contacts are derived.

The other side may have no such records, or the pair may not keep them in step. So nothing of
them is linked or written; but they are read as they would be otherwise.
"""

from collections.abc import Callable, Iterator

from syncd.config.derived import derived_of
from syncd.config.load import Pair
from syncd.core.digest import digest_json
from syncd.core.translate import Mapping
from syncd.engine.context import Stream
from syncd.model.derived import fed_by, sources
from syncd.model.policy import NO_KEYS, PairPolicy
from syncd.model.record import Extent, Resource
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import ResourceSpec


def looks_of(
    configured: Pair, contacts: Stream, part_of: Callable[[str, ResourceSpec], Extent]
) -> Iterator[Stream]:
    """What a pair has to read for derived fields that it names, besides its streams.

    Args:
        part_of: the appointments that an account lists.
    """
    for side in SIDES if not contacts.reduced else ():
        named = derived_of(configured, side) & contacts.derived[side]
        for resource in sorted(fed_by(named) - configured.settings.streams.keys()):
            spec = contacts.connector(side).spec.resources[resource]
            booked = resource is Resource.APPOINTMENT
            extent = part_of(contacts.accounts[side].name, spec) if booked else Extent()
            yield look(contacts, side, resource, spec, extent)


def look(
    contacts: Stream, side: Side, resource: Resource, spec: ResourceSpec, extent: Extent
) -> Stream:
    """The stream of one resource of one side, which is read and nothing else.

    Args:
        spec: of that side; extent: the part of the resource that is listed.
    """
    names = sources(contacts.derived[side], resource, spec)
    spans = [str(extent.back), str(extent.ahead)]
    only = {name: sorted(ids) for name, ids in extent.only.items()}
    reads = digest_json([sorted(names), spans, only])
    nothing: frozenset[str] = frozenset()
    return Stream(
        pair=contacts.pair,
        accounts=contacts.accounts,
        mapping=Mapping((), Both(spec.fields, spec.fields), contacts.mapping.countries),
        policy=PairPolicy(keys=NO_KEYS, create=frozenset()),
        specs=Both(spec, spec),
        fields=Both(*(names if one is side else nothing for one in SIDES)),
        relatives=contacts.relatives,
        setup=contacts.setup,
        resource=resource,
        sharing=contacts.sharing,
        sweep_every=contacts.sweep_every,
        reads=Both(reads, reads),
        extents=Both(extent, extent),
        derived=contacts.derived,
        only=side,
    )
