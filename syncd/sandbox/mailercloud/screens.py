"""What a person does in the account: lists, tags, properties, keys, campaigns, webhooks."""

from collections.abc import Callable
from typing import Any

from syncd.sandbox.mailercloud.account import Account
from syncd.sandbox.mailercloud.arguments import Arguments, Result, text, texts
from syncd.sandbox.mailercloud.catalogue import LIST_NAME, MAIN_LIST_ID, Property, Webform
from syncd.sandbox.mailercloud.contact import ACTIVE
from syncd.sandbox.mailercloud.delivery import Deliverer
from syncd.sandbox.mailercloud.fields import KINDS
from syncd.sandbox.mailercloud.keys import Keyring
from syncd.sandbox.mailercloud.outbox import EVENTS, Delivery, Hook
from syncd.sandbox.mailercloud.payloads import Announcer, Event
from syncd.sandbox.mailercloud.properties import shown
from syncd.sandbox.mailercloud.webhooks import NOT_LOOPBACK, is_loopback


class Screens:
    """One method per action, by the action's name."""

    def __init__(self, announcer: Announcer, keys: Keyring, deliverer: Deliverer) -> None:
        self._announcer = announcer
        self._keys = keys
        self._deliverer = deliverer
        self.actions: dict[str, Callable[[Arguments], Result]] = {
            each.__name__: each
            for each in (
                self.lists,
                self.create_list,
                self.create_tag,
                self.delete_tag,
                self.properties,
                self.create_property,
                self.rename_property,
                self.delete_property,
                self.create_webform,
                self.set_quota,
                self.make_key,
                self.revoke_key,
                self.send_campaign,
                self.campaigns,
                self.create_webhook,
                self.toggle_webhook,
                self.delete_webhook,
                self.webhooks,
                self.deliveries,
                self.deliver,
            )
        }

    @property
    def _account(self) -> Account:
        return self._announcer.account

    def lists(self, _arguments: Arguments) -> Result:
        """Every list with its true number of contacts, blocked ones too."""
        account = self._account
        return {
            "lists": [
                {
                    "id": one.id,
                    "name": one.name,
                    "number": one.number,
                    "contacts": sum(one.id in each.lists for each in account.contacts.values()),
                }
                for one in account.lists.values()
            ]
        }

    def create_list(self, arguments: Arguments) -> Result:
        name = text(arguments, "name")
        if not LIST_NAME.fullmatch(name):
            raise ValueError("a list's name has 3 to 100 letters, digits, _ - . and spaces")
        return {"id": self._account.add_list(name).id}

    def create_tag(self, arguments: Arguments) -> Result:
        name = text(arguments, "name").strip()
        if not name or self._account.find_tag(name) is not None:
            raise ValueError("the tag has no name, or exists")
        return {"id": self._account.add_tag(name).id}

    def delete_tag(self, arguments: Arguments) -> Result:
        """Everybody who has it loses it."""
        found = self._account.find_tag(text(arguments, "name"))
        if found is None:
            raise ValueError("there is no such tag")
        self._account.drop_tag(found)
        return {"id": found.id}

    def properties(self, _arguments: Arguments) -> Result:
        return {"properties": [shown(each) for each in self._account.properties.values()]}

    def create_property(self, arguments: Arguments) -> Result:
        name, kind = text(arguments, "name"), text(arguments, "type", "text")
        if kind not in KINDS:
            raise ValueError(f"type must be one of {', '.join(KINDS)}")
        if self._account.property_named(name) is not None:
            raise ValueError("a property has that name")
        return {"id": self._account.add_property(name, kind).id}

    def rename_property(self, arguments: Arguments) -> Result:
        """`name` becomes `new_name`; id, key and values stay."""
        found = self._property(arguments)
        new_name = text(arguments, "new_name")
        if self._account.property_named(new_name) not in (None, found):
            raise ValueError("a property has that name")
        found.name = new_name
        return {"id": found.id}

    def delete_property(self, arguments: Arguments) -> Result:
        found = self._property(arguments)
        self._account.drop_property(found)
        return {"id": found.id}

    def _property(self, arguments: Arguments) -> Property:
        found = self._account.property_named(text(arguments, "name"))
        if found is None:
            raise ValueError("there is no such property")
        return found

    def create_webform(self, arguments: Arguments) -> Result:
        """A form that fills a `list` and asks for `properties` (labels)."""
        account = self._account
        list_id = text(arguments, "list", MAIN_LIST_ID)
        held = [account.property_named(name) for name in texts(arguments, "properties")]
        if list_id not in account.lists or None in held:
            raise ValueError("there is no such list or property")
        ids = tuple(one.id for one in held if one is not None)
        form = Webform(account.mint.id(), text(arguments, "name"), list_id, ids, account.now)
        account.webforms[form.id] = form
        return {"id": form.id}

    def set_quota(self, arguments: Arguments) -> Result:
        """How many contacts the plan allows: `total`."""
        total = arguments.get("total")
        if not isinstance(total, int) or isinstance(total, bool) or not 0 <= total < 10**9:
            raise ValueError("`total` must be a whole number")
        self._account.quota = total
        return {"total": total, "used": self._account.used()}

    def make_key(self, _arguments: Arguments) -> Result:
        return {"api_key": self._keys.make()}

    def revoke_key(self, arguments: Arguments) -> Result:
        self._keys.revoke(text(arguments, "key"))
        return {}

    def send_campaign(self, arguments: Arguments) -> Result:
        """A finished campaign to a `list`, and its `send` events."""
        account, list_id = self._account, text(arguments, "list", MAIN_LIST_ID)
        if list_id not in account.lists:
            raise ValueError("there is no such list")
        made = account.add_campaign(text(arguments, "name", "June news"), (list_id,), account.now)
        emails = tuple(
            each.email
            for each in account.contacts.values()
            if list_id in each.lists and each.status_on(list_id).contact_type == ACTIVE
        )
        made.sent = len(emails)
        self._announcer.tell(Event("send", emails, account.now, made))
        return {"id": made.id, "sent": made.sent}

    def campaigns(self, _arguments: Arguments) -> Result:
        return {
            "campaigns": [
                {
                    "id": one.id,
                    "name": one.name,
                    "list_ids": list(one.list_ids),
                    "created": one.created.isoformat(),
                    "unsubs": [each.email for each in one.unsubs],
                }
                for one in self._account.campaigns.values()
            ]
        }

    def create_webhook(self, arguments: Arguments) -> Result:
        """By hand, as the vendor documents it: `name`, `url`, `events`; then validated."""
        account, url = self._account, text(arguments, "url")
        events = tuple(texts(arguments, "events")) or ("unsubscribe", "bounce", "spam")
        if not is_loopback(url):
            raise ValueError(NOT_LOOPBACK)
        if not set(events) <= set(EVENTS):
            raise ValueError(f"events must be some of {', '.join(EVENTS)}")
        hook = account.outbox.add(text(arguments, "name", "sync"), url, events, account.now)
        account.outbox.validate(hook, account.settings.webhook_validation, account.now)
        return {"id": hook.id}

    def toggle_webhook(self, arguments: Arguments) -> Result:
        account, hook = self._account, self._hook(arguments)
        if arguments.get("active", False):
            account.outbox.validate(hook, account.settings.webhook_validation, account.now)
        else:
            account.outbox.switch_off(hook)
        return {"id": hook.id}

    def delete_webhook(self, arguments: Arguments) -> Result:
        hook = self._hook(arguments)
        self._account.outbox.remove(hook)
        return {"id": hook.id}

    def webhooks(self, _arguments: Arguments) -> Result:
        return {
            "webhooks": [
                {
                    "id": one.id,
                    "name": one.name,
                    "url": one.url,
                    "events": list(one.events),
                    "active": one.active,
                    "failures": one.failures,
                }
                for one in self._account.outbox.hooks.values()
            ]
        }

    def deliveries(self, _arguments: Arguments) -> Result:
        """What went to the hooks, validation calls too, oldest first."""
        return {"deliveries": [_logged(each) for each in self._account.outbox.log]}

    def deliver(self, _arguments: Arguments) -> Result:
        """Send what is due; a server does so by itself, and holds its lock during an action."""
        if self._account.world.served:
            raise ValueError("a served sandbox delivers by itself")
        return {"attempted": [_logged(each) for each in self._deliverer.deliver()]}

    def _hook(self, arguments: Arguments) -> Hook:
        found = self._account.outbox.hooks.get(text(arguments, "id"))
        if found is None:
            raise ValueError("there is no such webhook")
        return found


def _logged(delivery: Delivery) -> dict[str, Any]:
    return {
        "hook_id": delivery.hook_id,
        "kind": delivery.kind,
        "method": delivery.method,
        "body": delivery.body,
        "state": delivery.state,
        "due": delivery.due.isoformat(),
        "attempts": [[at.isoformat(), status] for at, status in delivery.attempts],
    }
