"""What `syncd init` writes. Secrets are only ever named, as environment variables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from syncd.connectors.registry import connector

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
USUAL = {"ghl": "crm", "maileon": "mail", "mailercloud": "news"}  # what to call an account
FIELDS = {  # what two connectors usually have in common, where both sides are known
    ("ghl", "maileon"): """\
  - {left: firstName, right: FIRSTNAME}
  - {left: lastName, right: LASTNAME}
  # GHL lets nobody change the company through its API, so: to the right only.
  - {left: companyName, right: ORGANIZATION, direction: right}
  - {left: address1, right: ADDRESS}
  - {left: postalCode, right: ZIP}
  - {left: city, right: CITY}
  - {left: country, right: COUNTRY}
  - {left: dateOfBirth, right: BIRTHDAY}
  # Maileon has no field for phones and none for tags: custom fields are created there.
  - {left: phone, right: custom.phone, create_missing: true}
  - {left: tags, right: custom.tags, transform: {join: ", "}, create_missing: true}
""",
    ("ghl", "mailercloud"): """\
  # `name` is the first name; Mailercloud holds 25 characters of each. A longer one stays
  # where it is, and `syncd status` lists it.
  - {left: firstName, right: name}
  - {left: lastName, right: last_name}
  # GHL lets nobody change the company through its API, so: to the right only.
  - {left: companyName, right: organization, direction: right}
  - {left: postalCode, right: zip}
  - {left: city, right: city}
  - {left: state, right: state}
  - {left: country, right: country}
  - {left: phone, right: phone}
  - {left: tags, right: tags}
  # A custom field of GHL; with `create_missing` it is made in Mailercloud.
  # - {left: custom.Membership, right: custom.Membership, create_missing: true}
""",
    ("maileon", "mailercloud"): """\
  # `name` is the first name; Mailercloud holds 25 characters of each. A longer one stays
  # where it is, and `syncd status` lists it.
  - {left: FIRSTNAME, right: name}
  - {left: LASTNAME, right: last_name}
  - {left: ORGANIZATION, right: organization}
  - {left: ZIP, right: zip}
  - {left: CITY, right: city}
  - {left: STATE, right: state}
  - {left: COUNTRY, right: country}
  # Maileon has no field for phones and none for tags: custom fields are created there.
  - {left: custom.phone, right: phone, create_missing: true}
  - {left: custom.tags, right: tags, transform: {join: ", "}, create_missing: true}
""",
}
NEWEST = "policy: newest # both sides changed a field: newest, left, right, manual"
NO_TIMES = """\
# Both sides changed a field: left, right, manual. `newest` would ask a person each time, as
# Mailercloud tells no times.
policy: {side}"""
FIXED = """\
# `email` is always part of the mapping. Mailercloud never changes an address: one that is
# changed on the other side has to be changed there by hand, and `syncd status` lists it.
"""
NO_FIELDS = """\
  # `syncd connectors` and `syncd check` tell which fields there are.
  # - {left: firstName, right: FIRSTNAME}
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What was asked for."""

    left: str
    right: str
    left_name: str
    right_name: str
    pair: str

    @property
    def accounts(self) -> tuple[tuple[str, str], ...]:
        return ((self.left_name, self.left), (self.right_name, self.right))


def root(answers: Answers) -> str:
    """`syncd.yaml`."""
    accounts = "\n".join(_account(name, kind) for name, kind in answers.accounts)
    return f"""\
# Where syncd keeps its state, which accounts it may use, and which of them it keeps in step.
# Every key is explained in docs/configuration.md; `syncd check` tries this file out.
#
# ${{NAME}}              an environment variable, or a line of .env; it must be set
# ${{NAME:-text}}        the same, with a text for when it is not set
# ${{file:/path}}        the content of a file, e.g. of a mounted secret

store: ${{SYNCD_STORE:-sqlite:///../var/syncd.db}} # a path starts at this file's folder

accounts:
{accounts}
pairs: pairs/*.yaml # from this file's folder

log:
  level: info # debug, info, warning, error
  format: auto # text on a terminal, json elsewhere
"""


def _account(name: str, kind: str) -> str:
    lines = [f"  {name}:", f"    connector: {kind}"]
    for key, field in connector(kind).settings.model_fields.items():
        if key == "base_url":
            variable = _variable(name, kind, key)
            lines.append(f"    {key}: ${{{variable}:-{field.default}}}")
        elif field.is_required():
            told = connector(kind).settings_help.get(key, "")
            lines.append(f"    {key}: ${{{_variable(name, kind, key)}}} # {told}".rstrip(" #"))
    return "\n".join(lines) + "\n"


def pair(answers: Answers) -> str:
    """The file of the pair."""
    fields = FIELDS.get((answers.left, answers.right), NO_FIELDS)
    timeless = "mailercloud" in (answers.left, answers.right)
    other = "right" if answers.left == "mailercloud" else "left"
    policy = NO_TIMES.format(side=other) if timeless else NEWEST
    heading = f"{FIXED}fields:" if timeless else "fields: # `email` is always part of the mapping"
    return f"""\
# Only what differs from the defaults has to be here; see docs/configuration.md.

pair: {answers.pair}
left: {answers.left_name}
right: {answers.right_name}

every: 60s # from the begin of one cycle to the next
baseline: held # the first run waits for `syncd release {answers.pair}`
create: both # where missing contacts may be created: both, left, right, none
delete: keep # a deleted contact's counterpart: keep, unsubscribe, delete
{policy}

# Without this, everybody takes part.
# filter:
#   left: {{tag: newsletter}}

guards: # per run and side: more than this waits for a person
  window: 24h # all runs of this time together are held to it too
  creates: {{count: 1000, percent: 25}}
  updates: {{count: 2000, percent: 50}}
  deletes: {{count: 50, percent: 5}}
  optouts: {{count: 200, percent: 10}}
  emptied: {{count: 2000, percent: 10}} # one field, of those who have a value in it

{heading}
{fields}"""


def env(answers: Answers) -> str:
    """`.env.example`."""
    lines = ["# Copy to .env and fill in; .env is never committed.", ""]
    for name, kind in answers.accounts:
        plugin = connector(kind)
        for key, field in _needed(kind):
            told = plugin.settings_help.get(key, "")
            secret = " (secret)" if field.annotation is SecretStr else ""
            lines += [f"# {name}: {told}{secret}", f"{_variable(name, kind, key)}=", ""]
    return "\n".join(lines)


def variables(answers: Answers) -> list[str]:
    """The environment variables that must be set."""
    return [
        _variable(name, kind, key) for name, kind in answers.accounts for key, _ in _needed(kind)
    ]


def _needed(kind: str) -> Iterator[tuple[str, FieldInfo]]:
    fields: dict[str, Any] = connector(kind).settings.model_fields
    return ((key, field) for key, field in fields.items() if field.is_required())


def _variable(name: str, kind: str, key: str) -> str:
    """`GHL_TOKEN`; with the account's name where that is not the usual one."""
    start = kind if name == USUAL.get(kind) else f"{kind}_{name}"
    return re.sub(r"[^A-Z0-9]", "_", f"{start}_{key}".upper())
