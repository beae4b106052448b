"""Preference categories and the preferences in them (maileon.md §2.10).

Values are written through the bodies of contacts; here is only what exists.
"""

from typing import Any

from syncd.sandbox.maileon.account import Account, Category
from syncd.sandbox.maileon.answers import JSON, XML, Answer, RefusalError, element
from syncd.sandbox.maileon.call import Call, Route
from syncd.sandbox.maileon.drafts import json_object, parse_xml, texts_of
from syncd.sandbox.maileon.fields import LONGEST

MOST_PER_CATEGORY = 20
_KEYS = frozenset({"name", "description", "category"})


def list_categories(call: Call) -> Answer:
    rows = "".join(map(_category_xml, call.account.categories.values()))
    return Answer(f"<preference_categories>{rows}</preference_categories>")


def read_category(call: Call) -> Answer:
    return Answer(_category_xml(_category(call)))


def post_category(call: Call) -> Answer:
    name, description = _described(call, "preference_category")
    if not name:
        raise RefusalError(400, "a preference category needs a name")
    if name in call.account.categories:
        raise RefusalError(400, f"preference category {name} already exists")
    call.account.categories[name] = Category(name, description)
    return Answer(status=201)


def put_category(call: Call) -> Answer:
    """Rename or describe; the values of contacts follow."""
    account, category = call.account, _category(call)
    name, description = _described(call, "preference_category")
    category.description = description
    if name and name != category.name:
        if name in account.categories:
            raise RefusalError(400, f"preference category {name} already exists")
        old = category.name
        account.categories[name] = account.categories.pop(old)
        category.name = name
        for each in category.preferences:
            _move_values(account, (old, each), (name, each))
    return Answer()


def delete_category(call: Call) -> Answer:
    account, category = call.account, _category(call)
    del account.categories[category.name]
    for each in category.preferences:
        _move_values(account, (category.name, each), None)
    return Answer()


def list_preferences(call: Call) -> Answer:
    category = _category(call)
    rows = "".join(_preference_xml(category, name) for name in category.preferences)
    return Answer(f"<preferences>{rows}</preferences>")


def read_preference(call: Call) -> Answer:
    category, name = _preference(call)
    return Answer(_preference_xml(category, name))


def post_preference(call: Call) -> Answer:
    category = _category(call)
    name, description = _described(call, "preference")
    if not name:
        raise RefusalError(400, "a preference needs a name")
    try:
        add_preference(category, name, description)
    except ValueError as exc:
        raise RefusalError(400, str(exc)) from exc
    return Answer(status=201)


def put_preference(call: Call) -> Answer:
    category, old = _preference(call)
    name, description = _described(call, "preference")
    name = name or old
    if name != old and name in category.preferences:
        raise RefusalError(400, f"preference {name} already exists")
    del category.preferences[old]
    category.preferences[name] = description
    if name != old:
        _move_values(call.account, (category.name, old), (category.name, name))
    return Answer()


def delete_preference(call: Call) -> Answer:
    category, name = _preference(call)
    del category.preferences[name]
    _move_values(call.account, (category.name, name), None)
    return Answer()


def add_preference(category: Category, name: str, description: str | None = None) -> None:
    """Raises ValueError when it exists or the category is full (20)."""
    if name in category.preferences:
        raise ValueError(f"preference {name} already exists")
    if len(category.preferences) >= MOST_PER_CATEGORY:
        raise ValueError(f"a category holds at most {MOST_PER_CATEGORY} preferences")
    category.preferences[name] = description


def _described(call: Call, root_name: str) -> tuple[str | None, str | None]:
    """Name and description of a body; XML or vnd JSON."""
    found: dict[str, Any] = _json_keys(call.body) if call.is_json else _xml_keys(call, root_name)
    for key in ("name", "description"):
        if len(found.get(key) or "") > LONGEST:
            raise RefusalError(400, f"{key} must not exceed {LONGEST} characters")
    return found.get("name"), found.get("description")


def _xml_keys(call: Call, root_name: str) -> dict[str, str | None]:
    root = parse_xml(call.body)
    if root.tag != root_name:
        raise RefusalError(400, f"the body must be a {root_name}")
    return texts_of(root, _KEYS)


def _json_keys(body: bytes) -> dict[str, Any]:
    found = json_object(body, "the body")
    if not all(isinstance(v, str) for v in found.values()):
        raise RefusalError(400, "the body must be a JSON object of texts")
    return found


def _category(call: Call) -> Category:
    found = call.account.categories.get(call.names["category"])
    if found is None:
        raise RefusalError(404, "no such preference category")
    return found


def _preference(call: Call) -> tuple[Category, str]:
    category, name = _category(call), call.names["name"]
    if name not in category.preferences:
        raise RefusalError(404, "no such preference")
    return category, name


def _move_values(account: Account, old: tuple[str, str], new: tuple[str, str] | None) -> None:
    for contact in account.contacts:
        value = contact.preferences.pop(old, None)
        if value is not None and new is not None:
            contact.preferences[new] = value


def _category_xml(category: Category) -> str:
    described = element("name", category.name) + element("description", category.description)
    return f"<preference_category>{described}</preference_category>"


def _preference_xml(category: Category, name: str) -> str:
    described = element("name", name) + element("description", category.preferences[name])
    return f"<preference>{described}{element('category', category.name)}</preference>"


_CATEGORIES = "/contacts/preference_categories"
_CATEGORY = f"{_CATEGORIES}/{{category}}"
_PREFERENCES = f"{_CATEGORY}/preferences"
_PREFERENCE = f"{_PREFERENCES}/{{name}}"
_BOTH = (XML, JSON)
ROUTES = (
    Route("GET", _CATEGORIES, list_categories),
    Route("POST", _CATEGORIES, post_category, takes=_BOTH, gives=_BOTH),
    Route("GET", _CATEGORY, read_category),
    Route("PUT", _CATEGORY, put_category, takes=_BOTH, gives=_BOTH),
    Route("DELETE", _CATEGORY, delete_category),
    Route("GET", _PREFERENCES, list_preferences),
    Route("POST", _PREFERENCES, post_preference, takes=_BOTH, gives=_BOTH),
    Route("GET", _PREFERENCE, read_preference),
    Route("PUT", _PREFERENCE, put_preference, takes=_BOTH, gives=_BOTH),
    Route("DELETE", _PREFERENCE, delete_preference),
)
