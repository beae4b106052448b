"""Lines of a mapping become rules, or problems with their place and a way out."""

from typing import Any

import pytest

from syncd.mapping.compile import Compiled, MissingField, compile_rules
from syncd.mapping.line import Line
from syncd.model.rule import Direction
from syncd.model.side import Both, Side
from syncd.model.spec import FieldSpec, Kind, ResourceSpec

LEFT = {
    f.name: f
    for f in (
        FieldSpec("email", Kind.EMAIL),
        FieldSpec("firstName"),
        FieldSpec("lastName"),
        FieldSpec("phone", Kind.PHONE),
        FieldSpec("country", Kind.COUNTRY),
        FieldSpec("dateOfBirth", Kind.DATE),
        FieldSpec("dateAdded", Kind.DATETIME, read_only=True),
        FieldSpec("gender"),
        FieldSpec("tags", Kind.SET, lower=True),
        FieldSpec("consent", Kind.CONSENT),
        FieldSpec("custom.Shoe size", Kind.INTEGER),
        FieldSpec("custom.Story", max_length=5000),
        FieldSpec("custom.Photo", read_only=True, kept=False, native="FILE_UPLOAD"),
        FieldSpec("custom.Clock", read_only=True, native="TIME"),
    )
}
RIGHT = {
    f.name: f
    for f in (
        FieldSpec("email", Kind.EMAIL, lower=True),
        FieldSpec("FIRSTNAME", max_length=255),
        FieldSpec("LASTNAME", max_length=255),
        FieldSpec("FULLNAME", max_length=255),
        FieldSpec("COUNTRY", Kind.COUNTRY, max_length=255, free_text=True),
        FieldSpec("BIRTHDAY", Kind.DATE),
        FieldSpec("GENDER", Kind.CHOICE, choices=("m", "f", "d")),
        FieldSpec("CHECKSUM", read_only=True),
        FieldSpec("custom.vip", Kind.BOOLEAN),
        FieldSpec("custom.news", Kind.BOOLEAN),
        FieldSpec("custom.text", max_length=255),
    )
}
SPECS = Both(
    ResourceSpec(
        LEFT,
        custom_kinds=frozenset({Kind.TEXT, Kind.SET, Kind.INTEGER, Kind.CHOICE}),
        withheld={"name": "it is made of `firstName` and `lastName`; name these"},
    ),
    ResourceSpec(RIGHT, custom_kinds=frozenset({Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.DATE})),
)


def line(left: Any, right: Any, number: int = 7, **more: Any) -> Line:
    def names(given: Any) -> tuple[str, ...]:
        return tuple(given) if isinstance(given, list) else (given,) if given else ()

    return Line(names(left), names(right), where=f"shop.yaml:{number}", **more)


def compiled(*lines: Line) -> Compiled:
    return compile_rules(lines, Both(LEFT, RIGHT), SPECS, Both("crm", "mail"))


def problem(*lines: Line) -> str:
    (found,) = compiled(*lines).problems
    return str(found)


def test_a_realistic_mapping_has_no_problems() -> None:
    answer = compiled(
        line("firstName", "FIRSTNAME"),
        line("lastName", "LASTNAME"),
        line(
            ["firstName", "lastName"],
            "FULLNAME",
            direction=Direction.RIGHT,
            transform={"join_names": " "},
        ),
        line("country", "COUNTRY"),
        line("dateOfBirth", "BIRTHDAY"),
        line("gender", "GENDER", transform={"map": {"male": "m", "female": "f"}}),
        line("tags", "custom.tags", transform={"join": ", "}, create_missing=True),
        line("phone", "custom.phone", create_missing=True),
        line("custom.Shoe size", "custom.shoes", create_missing=True),
        line(None, "custom.text", direction=Direction.RIGHT, transform={"constant": "crm"}),
    )
    assert answer.problems == ()
    assert answer.warnings == ()
    assert [rule.name for rule in answer.rules][:3] == [
        "email = email",
        "firstName = FIRSTNAME",
        "lastName = LASTNAME",
    ]
    assert answer.missing == (
        MissingField(Side.RIGHT, FieldSpec("custom.tags", Kind.TEXT), "shop.yaml:7"),
        MissingField(Side.RIGHT, FieldSpec("custom.phone", Kind.TEXT), "shop.yaml:7"),
        MissingField(Side.RIGHT, FieldSpec("custom.shoes", Kind.INTEGER), "shop.yaml:7"),
    )
    tags = next(rule for rule in answer.rules if rule.left == ("tags",))
    assert tags.as_set
    assert tags.forward is not None
    assert tags.forward((frozenset({"a", "b"}),)) == ("a, b",)


def test_swapping_the_sides_swaps_the_rules() -> None:
    transform = {"join": ", "}
    straight = compiled(line("tags", "custom.text", transform=transform)).rules[1]
    swapped = compile_rules(
        [line("custom.text", "tags", transform=transform)],
        Both(RIGHT, LEFT),
        SPECS.flipped(),
        Both("mail", "crm"),
    ).rules[1]
    assert (straight.left, straight.right) == (swapped.right, swapped.left)
    both = (frozenset({"a"}),)
    assert straight.forward is not None
    assert swapped.backward is not None
    assert straight.forward(both) == swapped.backward(both) == ("a",)


def test_a_line_for_the_email_takes_the_place_of_the_implied_one() -> None:
    answer = compiled(line("email", "email", direction=Direction.RIGHT))
    assert [rule.direction for rule in answer.rules] == [Direction.RIGHT]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("there", [{}, {"email": FieldSpec("email")}], ids=["none", "a text"])
def test_no_line_for_the_email_is_implied_where_a_side_has_none(
    side: Side, there: dict[str, FieldSpec]
) -> None:
    catalogues = Both(LEFT, RIGHT).having(side, there)
    assert compile_rules((), catalogues, SPECS, Both("crm", "mail")).rules == ()


def test_a_template_names_its_fields_itself() -> None:
    template = {"template": "{firstName} from {country}"}
    answer = compiled(line(None, "custom.text", direction=Direction.RIGHT, transform=template))
    assert answer.problems == ()
    rule = answer.rules[1]
    assert rule.left == ("firstName", "country")
    assert rule.name == "firstName + country = custom.text"
    assert rule.forward is not None
    assert rule.forward(("Ada", "DE")) == ("Ada from DE",)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            line("firstname", "FIRSTNAME"),
            "shop.yaml:7: firstname = FIRSTNAME: `crm` has no field `firstname`."
            "  Did you mean `firstName` or `lastName`?",
        ),
        (line("phone", "custom.xyz"), "Add `create_missing: true` to create it."),
        (line("phone", "xyz", create_missing=True), "Name it `custom.xyz`"),
        *(
            (
                line("custom.Photo", right, direction=direction, create_missing=create),
                "`crm` has `custom.Photo`, but of type FILE_UPLOAD, which cannot be kept in step.",
            )
            for right, create in (("custom.photo", True), ("custom.text", False))
            for direction in Direction
        ),
        (line("Story", "custom.text"), "`crm` has no field `Story`.  Did you mean `custom.Story`?"),
        (
            line("custom.Clock", "custom.text"),
            "`custom.Clock` of `crm` cannot be written: it is of type TIME there.",
        ),
        (
            line("Name", "FULLNAME"),
            "`crm`: `name` is no field for rules: it is made of `firstName` and `lastName`",
        ),
        (line("tags", "custom.text"), 'Add transform: {join: ", "}.'),
        (
            line("tags", "custom.xyz", create_missing=True),
            "`mail` has no kind of field that holds set.",
        ),
        (line("custom.xyz", "custom.abc", create_missing=True), "Neither side has this field."),
        (line("dateOfBirth", "custom.vip"), "`dateOfBirth` holds date, `custom.vip` boolean."),
        (line("dateAdded", "BIRTHDAY"), "day_of"),
        (line("dateAdded", "custom.text"), "`dateAdded` of `crm` cannot be written."),
        (
            line("gender", "GENDER", transform={"map": {"a": "m", "b": "m"}}),
            "cannot be undone, as several values of the left become `m`.",
        ),
        (
            line("gender", "GENDER", transform={"map": {"a": "m"}, "others": "empty"}),
            "cannot be undone, as `others: empty` cannot be undone",
        ),
        (line("dateAdded", "BIRTHDAY", transform={"day_of": "UTC"}), "cannot be undone"),
        (line("firstName", "FIRSTNAME", transform={"case": "upper"}), "one direction only"),
        (
            line(["firstName", "lastName"], "FULLNAME"),
            "Without a transform each side needs one field.",
        ),
        (line("consent", "custom.text"), "Consent is kept in step by itself"),
        (
            line(None, "custom.text", direction=Direction.RIGHT, transform={"template": "{tags}"}),
            "`tags` holds set, which is no text.",
        ),
        (
            line(
                None, "custom.text", direction=Direction.RIGHT, transform={"template": "{frstName}"}
            ),
            "Did you mean `firstName`",
        ),
        (
            line(None, None, direction=Direction.RIGHT, transform={"constant": "x"}),
            "No field is named under `right`.",
        ),
        (
            line("country", "BIRTHDAY", transform={"country_name": "de"}),
            "`BIRTHDAY` holds date, but `country_name` needs",
        ),
        (
            line(["firstName", "lastName"], "BIRTHDAY", transform={"join_names": " "}),
            "`BIRTHDAY` holds date, but `join_names` needs",
        ),
        (
            line("country", "tags_", transform={"map": {"DE": "1"}}),
            "`mail` has no field `tags_`.",
        ),
    ],
)
def test_problems_say_where_what_and_what_to_type(wrong: Line, said: str) -> None:
    everything = [str(p) for p in compiled(wrong).problems]
    assert any(said in text for text in everything), everything
    assert all(text.startswith("shop.yaml:7: ") for text in everything)


def test_all_problems_are_told_at_once() -> None:
    answer = compiled(
        line("nope", "nix", 3), line("firstName", "LASTNAMES", 4), line("phone", "x", 5)
    )
    assert [p.where for p in answer.problems] == ["shop.yaml:3"] * 2 + [
        "shop.yaml:4",
        "shop.yaml:5",
    ]


def test_a_created_choice_offers_the_same_choices() -> None:
    (missing,) = compiled(line("custom.sex", "GENDER", create_missing=True)).missing
    assert missing.side is Side.LEFT
    assert missing.spec == FieldSpec("custom.sex", Kind.CHOICE, choices=("m", "f", "d"))


def test_what_a_platform_has_no_kind_for_becomes_text() -> None:
    (missing,) = compiled(line("custom.land", "COUNTRY", create_missing=True)).missing
    assert missing.spec == FieldSpec("custom.land", Kind.TEXT)


def test_two_lines_must_not_write_one_field() -> None:
    assert "`FIRSTNAME` of `mail` is written by" in problem(
        line("firstName", "FIRSTNAME", 1),
        line("lastName", "FIRSTNAME", 2, direction=Direction.RIGHT),
    )
    assert "(implied)" not in problem(
        line("firstName", "FIRSTNAME", 1), line("firstName", "LASTNAME", 2)
    )


def test_of_two_lines_that_write_one_field_both_places_are_told() -> None:
    told = problem(line("firstName", "FIRSTNAME", 1), line("lastName", "FIRSTNAME", 2))
    assert told.startswith("shop.yaml:2: ")
    assert "by `firstName = FIRSTNAME` (shop.yaml:1)." in told


def test_two_lines_may_read_one_field() -> None:
    answer = compiled(
        line("firstName", "FIRSTNAME"), line("firstName", "FULLNAME", direction=Direction.RIGHT)
    )
    assert answer.problems == ()


def test_tags_may_be_boxes_to_tick_one_by_one_but_not_twice() -> None:
    vip = line("tags", "custom.vip", 1, transform={"has_tag": "vip"})
    news = line("tags", "custom.news", 2, transform={"has_tag": "news"})
    again = line("tags", "custom.news", 3, transform={"has_tag": "VIP"})
    assert compiled(vip, news).problems == ()
    assert "`tags` of `crm` is written" in problem(vip, again)
    mixed = line("tags", "custom.vip", 4, transform={"has_tag": "news"})
    assert "`custom.vip` of `mail` is written" in problem(vip, mixed)


@pytest.mark.parametrize("first", ["one tag", "all tags"])
def test_a_line_for_one_tag_and_one_for_all_of_them_write_one_field(first: str) -> None:
    one = line("tags", "custom.vip", 1, transform={"has_tag": "vip"})
    every = line("tags", "custom.text", 2, transform={"join": ", "})
    lines = (one, every) if first == "one tag" else (every, one)
    assert "`tags` of `crm` is written by" in problem(*lines)


def test_longer_texts_are_a_warning() -> None:
    (warning,) = compiled(line("custom.Story", "custom.text")).warnings
    assert "255 characters" in str(warning)
    assert compiled(line("custom.text_", "custom.text")).warnings == ()


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("firstName", "BIRTHDAY", "what is no date does not travel to `BIRTHDAY`"),
        ("custom.Shoe size", "custom.text", "what is no integer does not travel to"),
    ],
)
def test_a_text_for_a_date_or_a_number_is_a_warning(left: str, right: str, said: str) -> None:
    warnings = " ".join(map(str, compiled(line(left, right)).warnings))
    assert said in warnings
    assert "syncd status" in warnings


@pytest.mark.parametrize(
    ("countries", "said"),
    [
        (Both("US", None), "`03/04/1990` as 1990-03-04, as people in US do"),
        (Both(None, "DE"), "`03/04/1990` as 1990-04-03, as people in DE do"),
        (Both("CA", None), "`03/04/1990` does not travel, as nobody can tell its month"),
        (Both(None, None), "`03/04/1990` does not travel, as nobody can tell its month"),
    ],
)
def test_how_dates_in_texts_are_read_is_told(countries: Both[str | None], said: str) -> None:
    one = line("firstName", "BIRTHDAY")
    (warning,) = compile_rules(
        [one], Both(LEFT, RIGHT), SPECS, Both("crm", "mail"), countries
    ).warnings
    assert "`03.04.1990` is read as 1990-04-03" in warning.message
    assert said in warning.message
    assert "{date: D.M.YYYY}" in warning.hint


def test_a_date_that_only_becomes_a_text_is_no_warning() -> None:
    for left, right in (("dateOfBirth", "custom.text"), ("custom.Shoe size", "custom.text")):
        assert compiled(line(left, right, direction=Direction.RIGHT)).warnings == ()
    assert compiled(line("dateOfBirth", "BIRTHDAY"), line("phone", "custom.text")).warnings == ()


def test_splitting_names_is_a_warning() -> None:
    both = line(["firstName", "lastName"], "FULLNAME", transform={"join_names": " "})
    (warning,) = compiled(both).warnings
    assert "direction: right" in warning.hint
