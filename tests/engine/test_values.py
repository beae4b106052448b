"""Values keep their meaning on the way, whatever kind of field they come from and go to."""

from typing import Any

import pytest

from tests.engine.pairs import GHL, MAILEON, MAILERCLOUD
from tests.engine.scenes import ADA
from tests.engine.world import LAG, Build, World, assert_quiet

SIZE: dict[str, Any] = {"left": "custom.Size", "right": "custom.size"}
BORN: dict[str, Any] = {"left": "dateOfBirth", "right": "custom.born"}
PHONE: dict[str, Any] = {"left": "phone", "right": "custom.telephone"}


def in_ghl(world: World, name: str) -> Any:
    """What GHL keeps of Ada in a field, or under the id of a custom one."""
    (ada,) = world.box.platform(GHL).dump()
    custom = {one["id"]: one["value"] for one in ada["customFields"]}
    return custom.get(name) if name not in ada else ada[name]


def in_maileon(world: World, name: str) -> str | None:
    """What Maileon keeps of Ada in a custom field."""
    (ada,) = world.box.platform(MAILEON).dump()
    return ada["custom_fields"].get(name)


def problems(world: World) -> set[str]:
    """The rules of which a value waits."""
    return {rule for rules in world.listed().values() for rule in rules}


def with_text(made: Build, rule: dict[str, Any], **settings: Any) -> World:
    """A world in which Maileon has a text field for what GHL has as another kind."""
    world = made(fields=[rule], **settings)
    name = rule["right"].removeprefix("custom.")
    world.act(MAILEON, "create_custom_field", name=name, type="string")
    return world


# -- numbers in texts ----------------------------------------------------------------------


@pytest.mark.parametrize("there", ["string", None])
@pytest.mark.parametrize("data_type", ["NUMERICAL", "FLOAT", "MONETORY"])
def test_a_number_stands_in_a_text_as_people_write_it(
    made: Build, data_type: str, there: str | None
) -> None:
    world = made(fields=[{**SIZE, "create_missing": there is None}])
    size = world.act(GHL, "create_custom_field", name="Size", data_type=data_type)["id"]
    if there is not None:
        world.act(MAILEON, "create_custom_field", name="size", type=there)
    world.act(GHL, "create", fields={"email": ADA}, custom={size: 7})
    world.cycles()
    assert in_maileon(world, "size") == "7"
    for typed, shown in (("8", 8), ("12.5", 12 if data_type == "NUMERICAL" else 12.5), ("9.0", 9)):
        world.act(MAILEON, "edit", email=ADA, custom_fields={"size": typed})
        world.cycles()
        assert in_ghl(world, size) == shown
        assert_quiet(world)
    assert in_maileon(world, "size") == "9.0"  # it says the same, so it is left as it was typed


@pytest.mark.parametrize(
    ("number", "text"),
    [(9007199254740993, "9007199254740992"), (1e21, "1000000000000000000000"), (-0.0, "0")],
)
def test_a_long_number_has_no_exponent(made: Build, number: float, text: str) -> None:
    world = with_text(made, SIZE)
    size = world.act(GHL, "create_custom_field", name="Size", data_type="FLOAT")["id"]
    world.act(GHL, "create", fields={"email": ADA}, custom={size: number})
    world.cycles()
    assert in_maileon(world, "size") == text
    assert_quiet(world)


@pytest.mark.parametrize("typed", ["7,5", "1,000", "about 7"])
def test_a_text_that_could_be_two_numbers_waits(made: Build, typed: str) -> None:
    world = with_text(made, SIZE)
    size = world.act(GHL, "create_custom_field", name="Size", data_type="FLOAT")["id"]
    world.act(GHL, "create", fields={"email": ADA}, custom={size: 7})
    world.cycles()
    world.act(MAILEON, "edit", email=ADA, custom_fields={"size": typed})
    world.cycles()
    assert problems(world) == {"custom.Size = custom.size"}
    assert (in_ghl(world, size), in_maileon(world, "size")) == (7, typed)
    assert_quiet(world)


def test_a_number_stands_in_a_property_as_people_write_it(made: Build) -> None:
    rule = {"left": "custom.Size", "right": "custom.Size"}
    world = made(fields=[], news=True, news_fields=[rule], policy="left").news
    size = world.act(GHL, "create_custom_field", name="Size", data_type="NUMERICAL")["id"]
    world.act(MAILERCLOUD, "create_property", name="Size", type="text")
    world.act(GHL, "create", fields={"email": ADA}, custom={size: 7})
    world.cycles()
    (ada,) = world.box.platform(MAILERCLOUD).dump()
    assert ada["custom_by_label"]["Size"] == "7"
    assert_quiet(world)


# -- dates in texts ------------------------------------------------------------------------


def live_in(world: World, country: str) -> World:
    """GHL's location says that it is in this country."""
    ghl: Any = world.box.platform(GHL)
    next(iter(ghl.agency.locations.values())).country = country
    return world


@pytest.mark.parametrize(
    ("country", "typed", "day"),
    [
        ("US", "03.04.1990", "1990-04-03"),  # nobody writes the month first with dots
        ("DE", "3.4.1990", "1990-04-03"),
        ("US", "03/04/1990", "1990-03-04"),
        ("GB", "03/04/1990", "1990-04-03"),
        ("NL", "03-04-1990", "1990-04-03"),
        ("US", "13/04/1990", "1990-04-13"),
        ("DE", "1990-04-03", "1990-04-03"),
    ],
)
def test_a_date_in_a_text_is_read_as_its_writer_meant_it(
    made: Build, country: str, typed: str, day: str
) -> None:
    world = live_in(with_text(made, BORN), country)
    world.act(MAILEON, "create", email=ADA, permission=1, custom_fields={"born": typed})
    world.cycles()
    assert (in_ghl(world, "dateOfBirth"), in_maileon(world, "born")) == (day, typed)
    assert (problems(world), assert_quiet(world)) == (set(), None)
    world.act(GHL, "edit", email=ADA, fields={"dateOfBirth": "1991-12-31"})
    world.cycles()
    assert in_maileon(world, "born") == "1991-12-31"
    world.act(MAILEON, "edit", email=ADA, custom_fields={"born": typed})
    world.cycles()
    assert in_ghl(world, "dateOfBirth") == day
    assert_quiet(world)


@pytest.mark.parametrize(
    ("country", "typed"),
    [("CA", "03/04/1990"), ("SE", "03-04-1990"), ("DE", "03.04.90"), ("US", "04.13.1990")],
)
def test_a_date_that_could_be_two_days_waits(made: Build, country: str, typed: str) -> None:
    world = live_in(with_text(made, BORN), country)
    world.act(MAILEON, "create", email=ADA, permission=1, custom_fields={"born": typed})
    world.cycles()
    assert problems(world) == {"dateOfBirth = custom.born"}
    assert (in_ghl(world, "dateOfBirth"), in_maileon(world, "born")) == (None, typed)
    assert_quiet(world)


@pytest.mark.parametrize(("country", "day"), [("US", "1990-03-04"), ("DE", "1990-04-03")])
def test_a_text_of_the_location_is_read_as_there_wherever_it_goes(
    made: Build, country: str, day: str
) -> None:
    rule = {"left": "custom.Born", "right": "BIRTHDAY"}
    world = live_in(made(fields=[rule]), country)
    born = world.act(GHL, "create_custom_field", name="Born", data_type="TEXT")["id"]
    world.act(GHL, "create", fields={"email": ADA}, custom={born: "03/04/1990"})
    world.cycles()
    (ada,) = world.box.platform(MAILEON).dump()
    assert ada["standard_fields"]["BIRTHDAY"] == day
    assert_quiet(world)


# -- phones --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "typed", "number"),
    [
        ("DE", "030 23125001", "+493023125001"),
        ("US", "+49 (0)30 23125001", "+493023125001"),
        ("US", "(202) 555-0123", "+12025550123"),
        ("US", "+447700900123", "+447700900123"),
        ("US", "+1 555 010 0123", "+15550100123"),
    ],
)
def test_a_phone_in_a_text_arrives_as_a_number_of_its_country(
    made: Build, country: str, typed: str, number: str
) -> None:
    world = live_in(with_text(made, PHONE), country)
    world.act(MAILEON, "create", email=ADA, permission=1, custom_fields={"telephone": typed})
    world.cycles()
    assert (in_ghl(world, "phone"), in_maileon(world, "telephone")) == (number, typed)
    assert (problems(world), assert_quiet(world)) == (set(), None)


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("US", "030 2312500"),  # a number of Berlin, which would become one of New York
        ("US", "+1 030 2312500"),
        ("GB", "030 2312500"),
        ("DE", "12345"),
        ("FR", "(202) 555-0123"),
    ],
)
def test_a_phone_that_is_none_in_its_country_waits(made: Build, country: str, typed: str) -> None:
    world = live_in(with_text(made, PHONE), country)
    world.act(MAILEON, "create", email=ADA, permission=1, custom_fields={"telephone": typed})
    world.cycles()
    assert problems(world) == {"phone = custom.telephone"}
    assert (in_ghl(world, "phone"), in_maileon(world, "telephone")) == (None, typed)
    assert_quiet(world)


def test_a_phone_of_the_location_gets_its_country_wherever_it_goes(made: Build) -> None:
    rule = {"left": "custom.Office", "right": "phone"}
    world = live_in(made(fields=[], news=True, news_fields=[rule], policy="left"), "DE").news
    office = world.act(GHL, "create_custom_field", name="Office", data_type="TEXT")["id"]
    world.act(GHL, "create", fields={"email": ADA}, custom={office: "030 23125001"})
    world.cycles()
    (ada,) = world.box.platform(MAILERCLOUD).dump()
    assert ada["phone"] == "+493023125001"
    world.wait(3 * LAG.total_seconds())  # longer than a row that we wrote is doubted
    world.act(MAILERCLOUD, "edit", email=ADA, fields={"phone": "030 23125002"})
    world.cycles()
    assert in_ghl(world, office) == "+493023125002"
    assert_quiet(world)
