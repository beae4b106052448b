"""The field in which a platform keeps the other side's remote id."""

from syncd.model.side import Both

from .world import RIGHT, planner, rule, spec

REFERRED = spec(reference="external_id")


def test_a_place_for_the_id_is_ours_where_the_platform_has_one() -> None:
    one = planner(right=REFERRED)
    assert one.references == Both(None, "external_id")


def test_a_place_for_the_id_that_people_have_mapped_is_theirs() -> None:
    assert planner(rule("city", "external_id"), right=REFERRED).references[RIGHT] is None


def test_a_field_of_the_same_name_on_the_other_side_takes_no_place() -> None:
    other = planner(rule("external_id", "CITY"), right=REFERRED)
    assert other.references[RIGHT] == "external_id"
