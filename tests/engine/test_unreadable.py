"""A value that nobody can read is neither empty nor the old one: it is told, and left alone."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from syncd.engine.cycle import Mode
from syncd.model.side import SIDES, Side
from tests.engine.pairs import GHL, MAILEON
from tests.engine.scenes import ADA
from tests.engine.test_values import SIZE, in_ghl, in_maileon, problems
from tests.engine.world import Build, World, assert_quiet

CITY = {"left": "city", "right": "CITY"}
SIZES = "custom.Size = custom.size"
Show = Callable[[str], None]

# What a platform answers where it holds 7, and what could stand there one day.
ODD = {
    GHL: ('"value":7}', '"value":"seven"}'),
    MAILEON: ("<value>7</value>", "<value>seven</value>"),
}


class Trial:
    """Ada is in step, and has size 7; then one platform shows something else for it."""

    def __init__(self, world: World, side: Side) -> None:
        self.world, self.side = world, side
        made = world.act(GHL, "create_custom_field", name="Size", data_type="NUMERICAL")
        self.size = str(made["id"])
        world.act(MAILEON, "create_custom_field", name="size", type="integer")
        world.act(GHL, "create", fields={"email": ADA}, custom={self.size: 7})
        world.cycles()
        assert self.sizes() == (7, "7")

    def sizes(self) -> tuple[Any, str | None]:
        return in_ghl(self.world, self.size), in_maileon(self.world, "size")

    def show_odd(self) -> None:
        """From now on the platform answers with what is no number; Ada moves to Bern there."""
        platform = self.world.platform[self.side]
        old, new = ODD[platform]

        def rewrite(request: httpx.Request, response: httpx.Response) -> httpx.Response:
            if f"/{platform}/" not in request.url.path or response.status_code >= 300:
                return response
            body = response.read().decode().replace(old, new)
            kind = {"Content-Type": response.headers.get("Content-Type", "text/plain")}
            return httpx.Response(response.status_code, headers=kind, text=body, request=request)

        self.world.line.rewrite = rewrite
        self.edit(self.side, city="Bern")

    def edit(self, side: Side, *, city: str | None = None, size: int | None = None) -> None:
        if side is Side.LEFT:
            fields = {"city": city} if city else {}
            custom = {self.size: size} if size else {}
            self.world.act(GHL, "edit", email=ADA, fields=fields, custom=custom)
        else:
            standard = {"CITY": city} if city else {}
            own = {"size": str(size)} if size else {}
            self.world.act(MAILEON, "edit", email=ADA, standard_fields=standard, custom_fields=own)


@pytest.fixture(params=SIDES)
def trial(made: Build, request: pytest.FixtureRequest) -> Trial:
    return Trial(made(fields=[SIZE, CITY], delete="delete"), request.param)


def test_it_is_told_and_everything_else_travels(trial: Trial) -> None:
    trial.show_odd()
    trial.world.cycles()
    assert problems(trial.world) == {SIZES}
    assert trial.world.row(trial.side.other, ADA).fields["city"] == "Bern"
    assert trial.sizes() == (7, "7")
    assert_quiet(trial.world)


def test_nothing_is_written_over_it(trial: Trial) -> None:
    trial.show_odd()
    trial.world.cycles()
    trial.edit(trial.side.other, size=8)
    trial.world.cycles()
    assert trial.sizes() == ((7, "8") if trial.side is Side.LEFT else (8, "7"))
    assert problems(trial.world) == {SIZES}


def test_once_it_can_be_read_again_the_last_edit_travels(trial: Trial) -> None:
    trial.show_odd()
    trial.world.cycles()
    trial.edit(trial.side.other, size=8)
    trial.world.cycles()
    trial.world.line.rewrite = None
    trial.edit(trial.side, city="Thun")
    trial.world.cycles()
    assert trial.sizes() == (8, "8")
    assert problems(trial.world) == set()
    assert_quiet(trial.world)


def test_who_has_been_edited_in_that_way_is_not_deleted(trial: Trial) -> None:
    trial.show_odd()
    trial.world.cycles()
    trial.world.act(trial.world.platform[trial.side.other], "delete", email=ADA)
    trial.world.settle()
    trial.world.cycle(Mode.FULL)
    assert ADA in trial.world.by_email(trial.side)


def test_a_new_contact_is_made_without_it(made: Build) -> None:
    trial = Trial(made(fields=[SIZE, CITY]), Side.LEFT)
    trial.show_odd()
    bob = {"email": "bob@example.org", "city": "Chur"}
    trial.world.act(GHL, "create", fields=bob, custom={trial.size: 7})
    trial.world.cycles()
    assert trial.world.row(Side.RIGHT, "bob@example.org").fields["city"] == "Chur"
    assert len(trial.world.listed()) == 2
    assert problems(trial.world) == {SIZES}
