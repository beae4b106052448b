"""What a person is told of fields that are not as they were."""

import pytest

from tests.cli.conftest import Place

SCOPES = ["contacts.readonly", "contacts.write", "locations.readonly"]


def mailable(place: Place) -> str:
    """Somebody who is on both sides and has not opted out."""
    maileon = place.contacts("maileon")
    return min(e for e, c in place.contacts("ghl").items() if e in maileon and not c["dnd"])


@pytest.fixture
def told(place: Place) -> Place:
    """An approved pair that makes no fields; one of them is gone since."""
    place.box.act("maileon", "create_custom_field", name="tags")
    pair = place.folder / "pairs" / "shop.yaml"
    pair.write_text(pair.read_text("utf-8").replace(", create_missing: true", ""), "utf-8")
    place.approve()
    place.type("sync")
    place.box.act("maileon", "delete_custom_field", name="tags")
    return place


def test_a_line_that_rests_is_told_by_every_command(told: Place) -> None:
    email = mailable(told)
    told.box.act("ghl", "dnd", email=email)
    synced = told.type("sync")
    assert synced.exit_code == 7
    said = " ".join(synced.stdout.split())
    assert "shop.yaml:10: tags = custom.tags: `mail` has no field `custom.tags`." in said
    assert "This line rests until that is mended" in said
    assert "Add `create_missing: true` to create it." in said
    assert "syncd release" not in said
    assert email not in told.contacts("maileon")
    assert "This line rests" in " ".join(told.type("status").stdout.split())
    assert told.type("status", "--check").exit_code == 7
    planned = told.type("plan", "shop")
    assert planned.exit_code == 7
    assert "Not all of it would go out: " in planned.stdout
    checked = told.type("check")
    assert checked.exit_code == 2
    assert "everything else goes on" in " ".join(checked.stdout.split())
    released = told.type("release", "shop")
    assert released.exit_code == 2
    assert "cannot be released" in released.stderr
    backfill = told.type("backfill", "shop", "--since", "2020-01-01")
    assert backfill.exit_code == 2
    assert "has no field `custom.tags`" in backfill.stderr
    told.box.act("maileon", "create_custom_field", name="tags")
    assert told.type("sync").exit_code == 0
    assert told.type("status", "--check").exit_code == 0


def test_fields_that_cannot_be_read_let_opt_outs_through_and_name_the_scope(place: Place) -> None:
    place.approve()
    place.type("sync")
    place.credentials(GHL_TOKEN=place.box.act("ghl", "make_token", scopes=SCOPES)["token"])
    email = mailable(place)
    place.box.act("ghl", "dnd", email=email)
    synced = place.type("sync")
    assert synced.exit_code == 7
    assert "locations/customFields.readonly" in synced.stdout
    assert "nothing but opt-outs travels" in synced.stdout
    assert "All else that it wanted was sent." in synced.stdout
    assert email not in place.contacts("maileon")
    checked = place.type("check")
    assert checked.exit_code == 2
    assert "locations/customFields.readonly" in checked.stdout
