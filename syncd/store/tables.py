"""The tables. `migrations/` makes them; a test holds the two against each other."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator


class Moment(TypeDecorator[datetime]):
    """Aware UTC in and out; stored without a zone, which SQLite cannot hold."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None else None


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON: sa.types.TypeEngine[Any] = sa.JSON(none_as_null=True)

# How a statement says that a flag is on or off: SQLite takes an index of such rows only where a
# statement says so in the same words.
_WORDS = {
    "sqlite": {"todo": "todo = 1", "gone": "gone = 1", "there": "gone = 0", "due": "due = 1"},
    "postgresql": {"todo": "todo", "gone": "gone", "there": "NOT gone", "due": "due"},
}


def _only(rows: str) -> dict[str, Any]:
    """An index of some rows alone, see `_say_which_rows`."""
    return {"info": {"rows": rows}}


@sa.event.listens_for(metadata, "before_create")
def _say_which_rows(_: Any, connection: sa.Connection, **__: Any) -> None:
    """Tell the store that makes the indexes which rows each is of.

    SQLAlchemy takes that as `sqlite_where` and `postgresql_where` too, but then it loads the
    dialects of both stores, in every process and whichever it uses.
    """
    dialect = connection.dialect.name
    for table in metadata.tables.values():
        for index in table.indexes:
            if rows := index.info.get("rows"):
                condition = sa.text(rows.format(**_WORDS[dialect]))
                index.dialect_options[dialect]["where"] = condition


# Facts about the store itself: the key of the suppression ledger, and its fingerprint.
meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# Who an account turned out to be at its first check; a later difference holds its pairs.
account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("connector", sa.String(64), nullable=False),
    sa.Column("account_id", sa.String(255), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("country", sa.String(2)),
    sa.Column("time_zone", sa.String(64)),
    sa.Column("catalogues", _JSON, nullable=False),  # by resource, then by field name
    sa.Column("settings", sa.String(64), nullable=False),  # keyed hash, to notice a change
    sa.Column("checked_at", Moment, nullable=False),
)

# Which field stands behind the name of a custom field; `number` counts those that had the name.
field = sa.Table(
    "field",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("identity", sa.String(255)),  # the platform's own id of it, where it has one
    sa.Column("present", sa.Boolean, nullable=False),  # the last catalogue listed it
)

# The last record seen per account, resource and remote id.
observation = sa.Table(
    "observation",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("remote_id", sa.String(255), primary_key=True),
    sa.Column("fields", _JSON, nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("version", sa.String(64)),
    sa.Column("modified", Moment),
    sa.Column("gone", sa.Boolean, nullable=False),
    sa.Column("sweep", _ID, nullable=False),  # the last sweep that saw it
    sa.Column("hidden", sa.Boolean, nullable=False),  # it is there, and no listing shows it
    sa.Column("parent_id", sa.String(255)),
    # Neither finds records by their ids, so that PostgreSQL cannot take it for that. With `gone`,
    # SQLite counts without looking at the rows.
    sa.Index("ix_observation_there", "account", "resource", "gone", "sweep", **_only("{there}")),
    sa.Index("ix_observation_gone", "account", "resource", **_only("{gone}")),
    # What belongs to a contact, for its derived fields.
    sa.Index("ix_observation_parent", "parent_id", "account", **_only("parent_id IS NOT NULL")),
)

# Derived fields that are computed for every contact of an account that has been seen.
derived_field = sa.Table(
    "derived_field",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("cursor", sa.Text),  # where reading its report goes on, if it has one
    sa.Column("read_at", Moment),  # when that was last read up to its end
)

# When what derived fields tell of a contact changes next by itself, as a time passes.
passing = sa.Table(
    "passing",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),  # whose time it is
    sa.Column("remote_id", sa.String(255), primary_key=True),  # of the contact
    sa.Column("at", Moment, nullable=False),
    sa.Index(None, "account", "at"),
)

# When contacts last opened a mail, and clicked in one, as their platform reports it.
engagement = sa.Table(
    "engagement",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("remote_id", sa.String(255), primary_key=True),  # of the contact
    sa.Column("last_open_at", Moment),
    sa.Column("last_click_at", Moment),
)

# Mails to contacts that came back, each once however often it is reported.
bounce = sa.Table(
    "bounce",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("remote_id", sa.String(255), primary_key=True),  # of the contact
    sa.Column("identity", sa.String(32), primary_key=True),  # digest of what tells it from others
    sa.Column("at", Moment, nullable=False),
)

# Two remote ids that are one thing, and what each side showed at the last agreement.
# A link with one id missing waits for a create.
link = sa.Table(
    "link",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("resource", sa.String(16), nullable=False),
    sa.Column("left_id", sa.String(255)),
    sa.Column("right_id", sa.String(255)),
    sa.Column("left_shadow", _JSON, nullable=False),
    sa.Column("right_shadow", _JSON, nullable=False),
    sa.Column("ended", sa.String(32)),  # why nothing flows any more; null while it does
    sa.Column("parent", _ID),  # the link of the contacts to which both belong
    sa.UniqueConstraint("pair", "resource", "left_id"),
    sa.UniqueConstraint("pair", "resource", "right_id"),
)

# A record as it stands in one pair: every record is in exactly one state.
member = sa.Table(
    "member",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("remote_id", sa.String(255), primary_key=True),
    sa.Column("key", sa.String(320)),
    sa.Column("second", sa.Text),
    sa.Column("reference", sa.String(255)),  # the other side's id that it bears
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("cause", sa.Text),
    sa.Column("link_id", _ID),
    sa.Column("digest", sa.String(32)),  # of the observation when it was last reconciled
    sa.Column("todo", sa.Boolean, nullable=False),
    sa.Column("listed", sa.BigInteger),  # a stand-in for what a sweep showed last
    sa.Column("parent_id", sa.String(255)),  # of the contact to which it belongs, on its side
    sa.Index(None, "key", "pair", "resource"),
    sa.Index(None, "pair", "resource", "second", **_only("second IS NOT NULL")),
    sa.Index(None, "pair", "resource", "reference", **_only("reference IS NOT NULL")),
    sa.Index(None, "link_id"),
    sa.Index(None, "pair", "side", "parent_id", **_only("parent_id IS NOT NULL")),
    sa.Index("ix_member_todo_link", "pair", "resource", "link_id", **_only("{todo}")),
    sa.Index("ix_member_todo_key", "pair", "resource", "key", **_only("{todo}")),
    sa.Index(
        "ix_member_todo_reference",
        "pair",
        "resource",
        "side",
        "remote_id",
        **_only("{todo} AND link_id IS NULL AND reference IS NOT NULL"),
    ),
)

# Where each listing goes on.
cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("cursor", sa.Text),  # of the incremental pull
    sa.Column("reads", sa.String(32)),  # digest of the fields that the last sweep asked for
    sa.Column("sweep_cursor", sa.Text),  # of a sweep under way
    sa.Column("sweep", _ID),  # number of the sweep under way
    sa.Column("sweep_began", Moment),  # when that began
    sa.Column("swept_at", Moment),  # when the last complete sweep ended
    sa.Column("swept_count", sa.Integer),  # how many records it saw
    sa.Column("swept_from", Moment),  # when that began
    sa.Column("swept_reads", sa.String(32)),  # digest of the fields that it asked for
    sa.Column("read_at", Moment),  # when all up to then had been read, where several pairs do
)

# The pairs that read an account, and what each reads of it.
reader = sa.Table(
    "reader",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("account", sa.String(64), nullable=False),
    sa.Column("fields", _JSON, nullable=False),
    sa.Index(None, "account", "resource"),
)

# What one pair has seen of an account, and another that reads it too has not taken in yet.
fanout = sa.Table(
    "fanout",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("remote_id", sa.String(255), primary_key=True),
)

# Contacts whose records of a resource can only be listed one contact at a time.
parent_read = sa.Table(
    "parent_read",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("parent_id", sa.String(255), primary_key=True),
    sa.Column("read_at", Moment),  # when they were last listed
    sa.Column("due", sa.Boolean, nullable=False),  # something may have happened to them since
    sa.Index("ix_parent_read_due", "pair", "side", "resource", "parent_id", **_only("{due}")),
    sa.Index(None, "pair", "side", "resource", "read_at"),
)

# One cycle of one pair; or a row of them in which nothing happened, as its newest.
run = sa.Table(
    "run",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("mode", sa.String(16), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("counts", _JSON, nullable=False),
    sa.Column("reasons", _JSON, nullable=False),  # why it is held
    sa.Column("approved", _JSON),  # the counts a person released
    sa.Column("progress", _JSON),  # of a backfill, to resume it
    sa.Column("error", sa.Text),
    sa.Column("quiet", sa.Integer, nullable=False, default=0),  # how many; 0: it did something
    sa.Index(None, "pair", "state"),
    sa.Index(None, "pair", "id"),
)

# The outbox: every intended remote write, before it is sent.
op = sa.Table(
    "op",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("run_id", _ID, nullable=False),
    sa.Column("link_id", _ID, nullable=False),
    sa.Column("resource", sa.String(16), nullable=False),
    sa.Column("side", sa.String(5), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("remote_id", sa.String(255)),
    sa.Column("patch", _JSON, nullable=False),
    sa.Column("current", _JSON, nullable=False),
    sa.Column("advance", _JSON, nullable=False),  # what it does to the shadows: {left, right}
    sa.Column("ends", sa.String(32)),  # why the link ends once this is done
    sa.Column("urgent", sa.Boolean, nullable=False),
    sa.Column("routine", sa.Boolean, nullable=False),
    sa.Column("chosen", _JSON),  # names of rules whose value a person chose; null: none
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("verified", sa.Boolean),  # the platform showed it in effect; null: not looked
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("sent_at", Moment),
    sa.Column("error", sa.Text),
    sa.Column("parent_id", sa.String(255)),  # of the contact to which the record is to belong
    sa.Column("moves", sa.Boolean),  # it belongs to another one so far
    sa.Index(None, "pair", "state", "side", "sent_at"),
    sa.Index(None, "run_id", "state", "side", "urgent", "id"),
    sa.Index(None, "link_id"),
)

# What a backfill has to work through, in order.
backfill_item = sa.Table(
    "backfill_item",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("run_id", _ID, nullable=False),
    sa.Column("resource", sa.String(16), nullable=False),
    sa.Column("side", sa.String(5), nullable=False),
    sa.Column("remote_id", sa.String(255), nullable=False),
    sa.Column("done", sa.Boolean, nullable=False),
    sa.UniqueConstraint("run_id", "resource", "side", "remote_id"),
    sa.Index(None, "run_id", "resource", "done", "id"),
)

# A field that no rule could settle; parked for a person.
conflict = sa.Table(
    "conflict",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("link_id", _ID, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("left", _JSON, nullable=False),
    sa.Column("right", _JSON, nullable=False),
    sa.Column("take", sa.String(5)),  # the side that a person chose
    sa.Column("cause", sa.String(16)),  # `flips`; null: both sides changed
    sa.Column("chosen_by", sa.String(255)),  # who that was
    sa.Column("opened_at", Moment, nullable=False),
    sa.UniqueConstraint("link_id", "rule"),
    sa.Index(None, "pair"),
)

# What a value of a record lacks to travel; one row per field, kept until it is mended.
problem = sa.Table(
    "problem",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("link_id", _ID, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("code", sa.Text, nullable=False),
)

# A value that a platform refused; it is not sent again while it is the same.
refusal = sa.Table(
    "refusal",
    metadata,
    sa.Column("link_id", _ID, primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("value", _JSON),
    sa.Column("code", sa.Text, nullable=False),
    sa.Index(None, "pair", "side", "code"),
)

# What is known of a pair between its runs.
pair = sa.Table(
    "pair",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("approved_at", Moment),  # of the first run
    sa.Column("setup", sa.String(32)),  # digest of mapping and filter, as approved
    sa.Column("accounts", _JSON),  # the platforms' own account ids, as approved
    sa.Column("error", sa.Text),  # why the last run ended badly
    sa.Column("window_from", Moment),  # what was carried out before counts for no limit
    sa.Column("tidied_at", Moment),  # when what ended long ago was last forgotten
)

# Which of the fields of one name a pair's shadows tell of.
agreed_field = sa.Table(
    "agreed_field",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("resource", sa.String(16), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)

# The right to write for a pair, and the number that proves it.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(255), nullable=False),
    sa.Column("fence", _ID, nullable=False),
    sa.Column("expires_at", Moment, nullable=False),
)

# "Never mail this address". Only a keyed hash of it, so that it can outlive an erasure.
suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("address_hash", sa.String(64), primary_key=True),
    sa.Column("since", Moment),  # as the platform says; null if it does not
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("recorded_at", Moment, nullable=False),
    sa.Column("lifted_upto", Moment),  # no opt-out of the address up to then counts any more
    sa.Column("lifted_by", sa.String(255)),
    sa.Column("lifted_at", Moment),
    sa.Index(None, "address_hash"),
)

# Opt-outs that reports told without a date: one that is told again is no news. And those with a
# date that an opt-in of the same account had replaced before we heard of them.
report = sa.Table(
    "report",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("address_hash", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(64), primary_key=True),
)

# Addresses that opted out somewhere and still have to be told to an account whose listing
# may hide who bears them. In plain, so each row goes as soon as it is dealt with.
inquiry = sa.Table(
    "inquiry",
    metadata,
    sa.Column("pair", sa.String(64), primary_key=True),
    sa.Column("side", sa.String(5), primary_key=True),
    sa.Column("address", sa.String(320), primary_key=True),
)

# What was seen, what was written, and why something was not: rows are only added.
journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    # A number, as SQLite would keep 26 characters, and as many again in the index.
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("pair", sa.String(64), nullable=False),
    sa.Column("run_id", _ID),
    sa.Column("account", sa.String(64)),
    sa.Column("resource", sa.String(16)),
    sa.Column("remote_id", sa.String(255)),  # null in what is about a run, and in what was erased
    sa.Column("link_id", _ID),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("actor", sa.String(255), nullable=False),
    sa.Column("target", sa.String(64)),
    sa.Column("before", _JSON),  # of the fields that differ
    sa.Column("after", _JSON),
    sa.Column("cause", sa.Text),
    sa.Column("baseline", sa.Boolean),  # part of a first full listing; null: it is not
    # Hardly any two records of all accounts have one id, so that it finds them alone.
    sa.Index(None, "remote_id", **_only("remote_id IS NOT NULL")),
    sa.Index(None, "run_id", **_only("run_id IS NOT NULL")),
    sa.Index(None, "at_ms"),
)

# What was sent to each account on a day of UTC, by class; and what its platform said last.
spent = sa.Table(
    "spent",
    metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("spend", sa.String(16), primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
    sa.Column("burst", sa.Integer),  # requests of a window, and left of it
    sa.Column("burst_left", sa.Integer),
    sa.Column("allowance", sa.Integer),  # requests of a day, and left of it
    sa.Column("left_today", sa.Integer),
    sa.Column("told_at", Moment),
)
