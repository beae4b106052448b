"""A configuration is whole and free of contradictions, or says everything that is wrong."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from syncd.config.load import Configuration, load, read_options
from syncd.config.policy import pair_policy
from syncd.config.problems import ConfigProblemsError
from syncd.errors import ConfigError
from syncd.model.policy import Deleted, Guards, Limit, OnLeave
from syncd.model.rule import Direction, Policy
from syncd.model.side import SIDES, Both, Side
from syncd.model.spec import FieldSpec, Kind

ROOT = """\
accounts:
  crm: {connector: ghl, token: "${GHL_TOKEN}", location_id: loc}
  mail:
    connector: maileon
    api_key: ${MAILEON_API_KEY}
    rate_share: 0.5
"""
PAIR = "pair: shop\nleft: crm\nright: mail\n"
ENV = {"GHL_TOKEN": "secret-1", "MAILEON_API_KEY": "secret-2"}


def written(folder: Path, root: str = ROOT, **pairs: str) -> Path:
    (folder / "pairs").mkdir(exist_ok=True)
    for name, text in (pairs or {"shop": PAIR}).items():
        (folder / "pairs" / f"{name}.yaml").write_text(text)
    (folder / "syncd.yaml").write_text(root)
    return folder / "syncd.yaml"


def loaded(folder: Path, root: str = ROOT, **pairs: str) -> Configuration:
    return load(written(folder, root, **pairs), ENV)


def problems(folder: Path, root: str = ROOT, **pairs: str) -> list[str]:
    with pytest.raises(ConfigProblemsError) as caught:
        loaded(folder, root, **pairs)
    assert "secret" not in str(caught.value)
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.problems]


def test_the_least_that_is_needed_and_the_defaults(tmp_path: Path) -> None:
    configuration = loaded(tmp_path)
    assert configuration.store == f"sqlite:///{tmp_path}/var/syncd.db"
    assert configuration.log.level == "info"
    assert configuration.threads == 256
    assert configuration.journal.keep == timedelta(days=90)
    assert configuration.accounts["crm"].options == {"token": "secret-1", "location_id": "loc"}
    assert configuration.accounts["mail"].rate_share == 0.5
    pair = configuration.pairs["shop"]
    assert [pair.account(side) for side in SIDES] == ["crm", "mail"]
    assert pair.settings.every == timedelta(seconds=60)
    assert pair.settings.sweep_every == timedelta(days=1)
    fields = {"email": FieldSpec("email", Kind.EMAIL)}
    policy, reads = pair_policy(pair, Both(fields, fields), Both(None, None))
    assert policy.guards == Guards()
    assert policy.deleted is Deleted.KEEP
    assert policy.create == frozenset(SIDES)
    assert not policy.baseline_auto
    assert not policy.resubscribe
    assert reads == Both(frozenset({"email"}), frozenset({"email"}))


def test_no_secret_is_shown_by_accident(tmp_path: Path) -> None:
    shown = repr(loaded(tmp_path))
    assert "secret-1" not in shown
    assert "secret-2" not in shown


def test_everything_can_be_said(tmp_path: Path) -> None:
    text = """\
pair: shop
left: crm
right: mail
every: 5m
jitter: 0s
sweep_every: 7d
baseline: auto
create: right
delete: unsubscribe
policy: left
identity: {key: email, second: {left: phone, right: custom.phone}}
filter:
  left: {tag: newsletter}
  on_leave: untag
  untag: newsletter
consent: {resubscribe: newer}
guards: {window: 36h, creates: {count: 5, percent: 1.5}}
fields:
  - {left: firstName, right: FIRSTNAME}
  - left: [firstName, lastName]
    right: FULLNAME
    direction: right
    policy: manual
    transform: {join_names: " "}
"""
    pair = loaded(tmp_path, shop=text).pairs["shop"]
    first, second = pair.lines()
    assert (first.left, first.direction, first.policy) == (
        ("firstName",),
        Direction.BOTH,
        Policy.LEFT,
    )
    assert first.where.endswith("shop.yaml:19")
    assert (second.left, second.policy) == (("firstName", "lastName"), Policy.MANUAL)
    assert second.transform == {"join_names": " "}
    left = {
        "email": FieldSpec("email"),
        "phone": FieldSpec("phone"),
        "tags": FieldSpec("tags", Kind.SET),
    }
    right = {"email": FieldSpec("email"), "custom.phone": FieldSpec("custom.phone")}
    policy, reads = pair_policy(pair, Both(left, right), Both(None, None))
    assert policy.keys.second == Both("phone", "custom.phone")
    assert policy.create == {Side.RIGHT}
    assert (policy.on_leave, policy.untag) == (OnLeave.UNTAG, frozenset({"newsletter"}))
    assert policy.guards == Guards(creates=Limit(5, 1.5), window=timedelta(hours=36))
    assert policy.resubscribe
    assert policy.baseline_auto
    assert policy.filter.left is not None
    assert policy.filter.left({"tags": frozenset({"newsletter"})})
    assert not policy.filter.left({"tags": None})
    assert reads == Both(
        frozenset({"email", "phone", "tags"}), frozenset({"email", "custom.phone"})
    )


def test_filters_and_keys_are_checked_against_the_catalogues(tmp_path: Path) -> None:
    text = (
        PAIR
        + "identity: {key: emial}\nfilter:\n  right:\n    any:\n"
        + "      - {field: cty, exists: true}\n"
    )
    pair = loaded(tmp_path, shop=text).pairs["shop"]
    fields = {"email": FieldSpec("email"), "city": FieldSpec("city")}
    with pytest.raises(ConfigProblemsError) as caught:
        pair_policy(pair, Both(fields, fields), Both(None, None))
    said = [str(p).replace(f"{tmp_path}/", "") for p in caught.value.problems]
    assert said == [
        "pairs/shop.yaml:8: There is no field `cty` on this side.  Did you mean `city`?",
        "pairs/shop.yaml:4: `crm` has no field `emial`.  Did you mean `email`?",
        "pairs/shop.yaml:4: `mail` has no field `emial`.  Did you mean `email`?",
    ]


def test_pairs_may_stand_in_the_same_file(tmp_path: Path) -> None:
    root = ROOT + "  news: {connector: maileon, api_key: x}\n"
    root += "pairs:\n  - pairs/s*.yaml\n  - {pair: inline, left: news, right: crm}\n"
    configuration = loaded(tmp_path, root, shop=PAIR, other=PAIR)
    assert list(configuration.pairs) == ["shop", "inline"]
    assert configuration.pairs["inline"].place.where().endswith("syncd.yaml:10")


def test_the_pairs_form_a_forest(tmp_path: Path) -> None:
    root = ROOT + "  news: {connector: maileon, api_key: x}\n"
    around = {
        "a": PAIR,
        "b": "pair: letters\nleft: crm\nright: news\n",
        "c": "pair: back\nleft: news\nright: mail\n",
    }
    assert problems(tmp_path, root, **around) == [
        "pairs/c.yaml:1: The pair `back` closes a circle: `news` and `mail` are connected already,"
        " by `shop` and `letters`.  Remove one of these pairs: a change must reach every account"
        " by one way only."
    ]


@pytest.mark.parametrize(
    ("given", "store"),
    [
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("sqlite:///../x.db", "sqlite:///{parent}/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_stores(tmp_path: Path, given: str, store: str) -> None:
    configuration = loaded(tmp_path, f"store: '{given}'\n{ROOT}")
    assert configuration.store == store.format(parent=tmp_path.parent)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("evry: 60s", "pairs/shop.yaml:4: There is no key `evry`.  Did you mean `every`"),
        ("every: 60", "pairs/shop.yaml:4: `every` should be a duration: type a number and a unit"),
        ("every: 0s", "pairs/shop.yaml:1: `every` and `sweep_every` must be 1s or longer."),
        ("baseline: maybe", "pairs/shop.yaml:4: `baseline` should be 'held' or 'auto'."),
        (
            "guards: {deletes: {count: 1}}",
            "pairs/shop.yaml:4: The key `guards.deletes.percent` is missing.",
        ),
        (
            "guards: {delete: {}}",
            "pairs/shop.yaml:4: There is no key `guards.delete`.  Did you mean `deletes`",
        ),
        (
            "guards:\n  deletes: {count: 1, percent: 101}",
            "pairs/shop.yaml:5: `guards.deletes.percent` should",
        ),
        ("guards: {window: 31d}", "pairs/shop.yaml:4: `guards.window` must be 30d or shorter."),
        ("guards: {window: 60}", "pairs/shop.yaml:4: `guards.window` should be a duration"),
        ("filter: {on_leave: untag}", "pairs/shop.yaml:4: `filter` needs `untag: [tag, …]`"),
        (
            "fields:\n  - {left: a, rigth: b}",
            "pairs/shop.yaml:5: There is no key `fields.0.rigth`.  Did you mean `right`",
        ),
        (
            "fields:\n  - {left: a, right: b, direction: up}",
            "pairs/shop.yaml:5: `fields.0.direction` should be",
        ),
        (
            "identity: {second: {left: a}}",
            "pairs/shop.yaml:4: The key `identity.second.right` is missing.",
        ),
    ],
)
def test_problems_in_a_pair(tmp_path: Path, more: str, said: str) -> None:
    found = problems(tmp_path, shop=f"{PAIR}{more}\n")
    assert found[0].startswith(said), found


@pytest.mark.parametrize(
    ("root", "said"),
    [
        ("acounts: {}\n", "syncd.yaml:1: There is no key `acounts`.  Did you mean `accounts`?"),
        ("- a\n", "syncd.yaml:1: Here should be keys with values"),
        (f"{ROOT}log: {{level: loud}}", "syncd.yaml:7: `log.level` should be"),
        (f"{ROOT}pairs: nowhere/*.yaml", "syncd.yaml:7: No file is called `nowhere/*.yaml`."),
        (f"{ROOT}pairs: 5", "syncd.yaml:7: This names no pairs."),
        (f"{ROOT}store: mysql://x", "syncd.yaml:7: This store is not known."),
        (
            f"{ROOT}  big corp: {{connector: ghl}}",
            "syncd.yaml:7: `accounts.big corp` holds characters",
        ),
        (
            f"{ROOT}  shy: {{token: x}}",
            "syncd.yaml:7: The key `accounts.shy.connector` is missing.",
        ),
        (
            f"{ROOT}    rate_share: 2",
            "syncd.yaml:7: The key `rate_share` was given in line 6 already.",
        ),
        (f"{ROOT}journal: {{keep: 23h}}", "syncd.yaml:7: `journal`: `keep` must be 1d or longer."),
        (f"{ROOT}journal: {{keep: long}}", "syncd.yaml:7: `journal.keep` should be a duration"),
        (f"{ROOT}threads: 0", "syncd.yaml:7: `threads`"),
        (f"{ROOT}threads: 1001", "syncd.yaml:7: `threads`"),
        (f"{ROOT}threads: many", "syncd.yaml:7: `threads`"),
    ],
)
def test_problems_in_the_root(tmp_path: Path, root: str, said: str) -> None:
    found = problems(tmp_path, root)
    assert any(text.startswith(said) for text in found), found


def test_accounts_that_do_not_exist_are_suggested(tmp_path: Path) -> None:
    assert problems(tmp_path, shop="pair: shop\nleft: cmr\nright: mail\n") == [
        "pairs/shop.yaml:2: There is no account `cmr`.  Did you mean `crm`?"
    ]


def test_two_pairs_need_two_names(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, a=PAIR, b=PAIR)
    assert said.startswith("pairs/b.yaml:1: The pair `shop` is also in ")
    assert "pairs/a.yaml:1" in said


def test_a_pair_needs_two_accounts(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, shop="pair: shop\nleft: crm\nright: crm\n")
    assert said.startswith("pairs/shop.yaml:1: A pair needs two accounts")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, ROOT + "pears: x\n", a=PAIR + "evry: 5\n", b="pair: [\n", c=PAIR)
    with pytest.raises(ConfigProblemsError) as caught:
        load(path, {"GHL_TOKEN": "secret-1"})
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    for expected in ("MAILEON_API_KEY", "pears", "evry", "b.yaml:2: This is not YAML"):
        assert expected in text
    assert caught.value.where


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: SecretStr
    location_id: str
    page_size: int = 100


def test_options_are_checked_by_the_connector(tmp_path: Path) -> None:
    account = loaded(tmp_path).accounts["crm"]
    assert read_options(account, Options).token.get_secret_value() == "secret-1"


def test_options_that_do_not_fit_have_their_line(tmp_path: Path) -> None:
    account = loaded(tmp_path, ROOT + "    pagesize: 5\n").accounts["mail"]
    with pytest.raises(ConfigError) as caught:
        read_options(account, Options)
    text = str(caught.value).replace(f"{tmp_path}/", "")
    assert "syncd.yaml:5: There is no key `api_key`" in text
    assert "syncd.yaml:7: There is no key `pagesize`.  Did you mean `page_size`" in text
    assert "syncd.yaml:3: The key `token` is missing." in text
    assert "secret" not in text
