"""Contacts of one list, page by page, as the search knows them.

Source: mailercloud.md §5.7, §11, §13.
"""

from syncd.sandbox.mailercloud import render
from syncd.sandbox.mailercloud.answers import ERROR, Answer
from syncd.sandbox.mailercloud.call import Call, Route
from syncd.sandbox.mailercloud.paging import paged, text_of


def search(call: Call) -> Answer:
    account, settings, body = call.account, call.settings, call.body()
    list_id = call.list_of(call.names["list_id"]).id
    rows = account.index.rows(list_id, text_of(body, "search"), settings)
    hidden = account.index.count(list_id, settings) - len(account.index.rows(list_id, "", settings))
    answer = paged(
        body,
        rows,
        lambda contact: render.row(account, contact, list_id),
        settings,
        "contact_count",
    )
    answer.body["contact_count"] += hidden
    return answer


ROUTES = (Route("POST", "/contact/search/{list_id}", search, ERROR),)
