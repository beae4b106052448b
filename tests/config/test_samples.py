"""The samples, the schema and the page about the configuration agree with the code."""

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from syncd.config import settings
from syncd.config.files import read_document
from syncd.config.load import Configuration, load, read_options
from syncd.config.schema import configuration_schema, pair_schema
from syncd.connectors.ghl.config import GhlSettings
from syncd.connectors.ghl.spec import FIELDS as GHL_FIELDS
from syncd.connectors.ghl.spec import SPEC as GHL
from syncd.connectors.maileon.config import Settings as MaileonSettings
from syncd.connectors.maileon.fields import SPEC as MAILEON
from syncd.connectors.mailercloud.config import Settings as MailercloudSettings
from syncd.connectors.mailercloud.fields import SPEC as MAILERCLOUD
from syncd.mapping.compile import compile_rules
from syncd.mapping.transforms import NAMES
from syncd.model.record import Resource
from syncd.model.side import Both
from syncd.model.spec import Spec

HERE = Path(__file__).parents[2]
PAGE = HERE / "docs" / "configuration.md"
ENV = {
    "GHL_TOKEN": "pit-00000000",
    "GHL_LOCATION_ID": "loc1",
    "MAILEON_API_KEY": "0000-0000-0000",
    "MAILERCLOUD_API_KEY": "00000000",
    "MAILERCLOUD_LIST_ID": "AbCdEf",
}
MODELS: dict[str, type[BaseModel]] = {
    "ghl": GhlSettings,
    "maileon": MaileonSettings,
    "mailercloud": MailercloudSettings,
}


@pytest.fixture
def sample() -> Configuration:
    return load(HERE / "config" / "syncd.yaml", ENV)


def test_the_sample_is_right(sample: Configuration) -> None:
    for account in sample.accounts.values():
        assert read_options(account, MODELS[account.connector])
    assert sample.store == f"sqlite:///{HERE}/var/syncd.db"


@pytest.mark.parametrize(
    ("pair", "right", "created"),
    [("shop", MAILEON, ["custom.phone", "custom.tags"]), ("letters", MAILERCLOUD, [])],
)
def test_the_sample_mappings_fit(
    sample: Configuration, pair: str, right: Spec, created: list[str]
) -> None:
    specs = Both(GHL.resources[Resource.CONTACT], right.resources[Resource.CONTACT])
    answer = compile_rules(
        sample.pairs[pair].lines(), specs.map(lambda s: s.fields), specs, Both("crm", "there")
    )
    assert answer.problems == ()
    assert answer.warnings == ()
    assert [missing.spec.name for missing in answer.missing] == created
    assert set(GHL_FIELDS) >= {name for rule in answer.rules for name in rule.left}


def test_no_sample_holds_a_secret() -> None:
    for line in (HERE / ".env.example").read_text().splitlines():
        assert not re.match(r"[A-Z_]*(TOKEN|KEY|ID)[A-Z_]*=.", line)
    text = (HERE / "config" / "syncd.yaml").read_text()
    for key in ("token", "api_key", "location_id", "list_id"):
        assert re.search(rf"{key}: \$\{{", text)


def test_every_variable_of_the_sample_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)[:}]", (HERE / "config" / "syncd.yaml").read_text()))
    assert used - {"NAME"} <= set(re.findall(r"[A-Z_]+", (HERE / ".env.example").read_text()))


def schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    return configuration_schema(MODELS), pair_schema()


def test_the_schemas_are_schemas_and_take_the_samples() -> None:
    root, pair = schemas()
    for schema in (root, pair):
        jsonschema.Draft202012Validator.check_schema(schema)
    pairs = {f"pairs/{name}.yaml": pair for name in ("letters", "shop")}
    for path, schema in {"syncd.yaml": root, **pairs}.items():
        document, _ = read_document(HERE / "config" / path, ENV)
        jsonschema.validate(document.content, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"pair": "shop", "left": "a"},
        {"pair": "shop", "left": "a", "right": "b", "evry": "60s"},
        {"pair": "shop", "left": "a", "right": "b", "every": "60"},
        {"pair": "shop", "left": "a", "right": "b", "filter": {"left": {"tags": "x"}}},
        {"pair": "shop", "left": "a", "right": "b", "fields": [{"transform": {"jion": ", "}}]},
    ],
)
def test_the_schema_refuses_what_loading_refuses(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, pair_schema())


def test_the_schema_takes_every_form_of_condition() -> None:
    condition = {
        "all": [{"tag": "x"}, {"not": {"field": "a", "in": ["b"]}}, {"any": [{"tag": "y"}]}]
    }
    pair = {"pair": "shop", "left": "a", "right": "b", "filter": {"left": condition, "right": None}}
    jsonschema.validate(pair, pair_schema())


def test_the_schema_explains_every_key_in_the_words_of_the_code() -> None:
    root, pair = schemas()
    assert root["properties"]["log"]["description"] == "What is written to standard error."
    assert (
        pair["properties"]["every"]["description"]
        == "How long from the begin of one cycle of the daemon to the begin of the next."
    )
    for shown in (root, pair):
        assert all("description" in key for key in shown["properties"].values())
    account = root["$defs"]["AccountSettings"]["properties"]
    assert account["rate_share"]["description"].startswith("The part of the platform's permitted")


def test_defaults_in_the_schema_are_written_as_people_write_them() -> None:
    assert pair_schema()["properties"]["every"]["default"] == "1m"
    appointments = pair_schema()["$defs"]["AppointmentSettings"]["properties"]
    assert (appointments["back"]["default"], appointments["ahead"]["default"]) == ("90d", "365d")


def test_the_schema_explains_what_one_part_has_of_another() -> None:
    appointments = pair_schema()["$defs"]["AppointmentSettings"]["properties"]
    assert appointments["fields"]["description"] == "The mapping, line by line."
    assert all("description" in key for key in appointments.values())


def keys(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def test_the_page_explains_every_key_and_every_transform() -> None:
    page = PAGE.read_text()
    parts = [m for m in vars(settings).values() if isinstance(m, type) and issubclass(m, BaseModel)]
    for name in {key for part in parts for key in keys(part)} | set(NAMES):
        assert f"`{name}" in page, name


def test_the_examples_on_the_page_are_right(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        path = tmp_path / f"{number}.yaml"
        path.write_text(block)
        document, wrong = read_document(path, {**ENV, "DATABASE_URL": "x"})
        assert [p for p in wrong if "${file:" not in block] == []
        if "accounts" in document.content:
            settings.RootSettings.model_validate(document.content)
        elif "fields" in document.content or "filter" in document.content:
            whole = {"pair": "shop", "left": "crm", "right": "mail", **document.content}
            settings.PairSettings.model_validate(whole)
            jsonschema.validate(whole, pair_schema())
