"""The configuration of a world: its accounts, its pairs and their fields."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from syncd.model.side import Both

PAIR = "shop"
GHL, MAILEON, MAILERCLOUD = "ghl", "maileon", "mailercloud"
PLATFORM = Both(GHL, MAILEON)
NEWS = "news"

FIELDS: tuple[Mapping[str, Any], ...] = (
    {"left": "firstName", "right": "FIRSTNAME", "policy": "newest"},
    {"left": "lastName", "right": "LASTNAME", "policy": "manual"},
    {"left": "city", "right": "CITY", "policy": "left"},
    {"left": "phone", "right": "custom.phone", "policy": "right", "create_missing": True},
    {"left": "custom.Colour", "right": "custom.colour", "create_missing": True},
    {
        "left": "tags",
        "right": "custom.tags",
        "transform": {"join": ", "},
        "create_missing": True,
    },
)
# A line in one direction, of a field that another line reads too.
COPY: Mapping[str, Any] = {
    "left": "lastName",
    "right": "custom.surname",
    "direction": "right",
    "create_missing": True,
}
COPY_LENGTH = 255  # where a text of Maileon ends, and what cannot come back is cut
COPY_RULE = "lastName = custom.surname"
RULES: Mapping[str, str] = {  # the names of the rules, as conflicts and problems show them
    "firstName": "firstName = FIRSTNAME",
    "lastName": "lastName = LASTNAME",
    "city": "city = CITY",
    "phone": "phone = custom.phone",
    "colour": "custom.Colour = custom.colour",
    "tags": "tags = custom.tags",
    "email": "email = email",
}


# The second pair, where there is one: GHL and Mailercloud.
NEWS_FIELDS: tuple[Mapping[str, Any], ...] = (
    {"left": "firstName", "right": "name", "policy": "newest"},
    {"left": "lastName", "right": "last_name", "policy": "manual"},
    {"left": "city", "right": "city", "policy": "left"},
    {"left": "phone", "right": "phone", "policy": "right"},
    {"left": "custom.Colour", "right": "custom.Colour", "create_missing": True},
    {"left": "tags", "right": "tags"},
)
NEWS_RULES: Mapping[str, str] = {
    "firstName": "firstName = name",
    "lastName": "lastName = last_name",
    "city": "city = city",
    "phone": "phone = phone",
    "colour": "custom.Colour = custom.Colour",
    "tags": "tags = tags",
    "email": "email = email",
}


def environment(info: Mapping[str, Any]) -> dict[str, str]:
    """What the configuration takes from its surroundings: addresses and credentials."""
    return {
        "GHL_TOKEN": info[GHL]["token"],
        "GHL_LOCATION": info[GHL]["location_id"],
        "GHL_URL": info[GHL]["base_url"],
        "MAILEON_API_KEY": info[MAILEON]["api_key"],
        "MAILEON_URL": info[MAILEON]["base_url"],
        "MAILERCLOUD_KEY": info[MAILERCLOUD]["api_key"],
        "MAILERCLOUD_LIST": info[MAILERCLOUD]["list_id"],
        "MAILERCLOUD_URL": info[MAILERCLOUD]["base_url"],
    }


def configure(
    folder: Path,
    *,
    store: str = "sqlite:///syncd.db",
    fields: Sequence[Mapping[str, Any]] = FIELDS,
    swapped: bool = False,
    news: bool = False,
    news_fields: Sequence[Mapping[str, Any]] = NEWS_FIELDS,
    accounts: Mapping[str, Mapping[str, Any]] | None = None,
    **settings: Any,
) -> None:
    """Write the configuration; JSON is YAML."""
    more = accounts or {}
    root: dict[str, Any] = {
        "store": store,
        "accounts": {
            "crm": {
                "connector": GHL,
                "token": "${GHL_TOKEN}",
                "location_id": "${GHL_LOCATION}",
                "base_url": "${GHL_URL}",
                **more.get("crm", {}),
            },
            "mail": {
                "connector": MAILEON,
                "api_key": "${MAILEON_API_KEY}",
                "base_url": "${MAILEON_URL}",
                "requests_per_second": 100,
                **more.get("mail", {}),
            },
        },
        "pairs": "pair*.yaml",
    }
    if news:
        root["accounts"]["list"] = {
            "connector": MAILERCLOUD,
            "api_key": "${MAILERCLOUD_KEY}",
            "list_id": "${MAILERCLOUD_LIST}",
            "base_url": "${MAILERCLOUD_URL}",
            "requests_per_second": 10,
            **more.get("list", {}),
        }
    left, right = ("mail", "crm") if swapped else ("crm", "mail")
    pair = {
        "pair": PAIR,
        "left": left,
        "right": right,
        "baseline": "auto",
        "fields": [mirrored(rule) for rule in fields] if swapped else list(fields),
        **settings,
    }
    (folder / "syncd.yaml").write_text(json.dumps(root, indent=1))
    (folder / "pair.yaml").write_text(json.dumps(pair, indent=1))
    if news:
        second = {**pair, "pair": NEWS, "left": "crm", "right": "list"}
        second["fields"] = list(news_fields)
        (folder / "pair-news.yaml").write_text(json.dumps(second, indent=1))


def mirrored(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The same line of a mapping with its sides exchanged."""
    other = {"left": "right", "right": "left"}
    turned = {other.get(name, name): value for name, value in rule.items()}
    for name in ("policy", "direction"):
        if name in turned:
            turned[name] = other.get(turned[name], turned[name])
    return turned
