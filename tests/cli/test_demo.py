"""The demo as a whole, and that its proof can fail."""

import json
import subprocess
import sys
from typing import Any

from syncd.cli.demo.proof import differences, mailable_in_ghl, twice


def test_the_demo_proves_what_it_claims() -> None:
    command = [sys.executable, "-m", "syncd", "demo", "--contacts", "40", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["works"] is True
    assert all(finding["holds"] for finding in answer["findings"])


def ghl(**changed: Any) -> dict[str, Any]:
    empty = ("lastName", "address1", "postalCode", "city", "country", "dateOfBirth", "companyName")
    plain = {"id": "a", "email": "ada@example.org", "firstName": "Ada", "phone": None, "tags": []}
    consent = {"dnd": False, "dndSettings": {}}
    return {**dict.fromkeys(empty), **plain, **consent, **changed}


def maileon(**standard: str) -> dict[str, Any]:
    fields = {"FIRSTNAME": "Ada", **standard}
    return {"email": "ada@example.org", "standard_fields": fields, "custom_fields": {}}


def test_a_difference_is_found() -> None:
    here, there = {"ada@example.org": ghl(city="Oslo")}, {"ada@example.org": maileon()}
    assert list(differences(here, there)) == ["city of contact a"]
    there = {"ada@example.org": maileon(CITY="Oslo")}
    assert list(differences(here, there)) == []
    here = {"ada@example.org": ghl(city="Oslo", tags=["vip"])}
    assert list(differences(here, there)) == ["tags of contact a"]


def test_two_of_one_are_found() -> None:
    assert twice([ghl(), ghl(email="ADA@example.org")]) == ["ada@example.org"]
    assert twice([ghl(), ghl(email=None), ghl(email=None)]) == []


def test_who_opted_out_is_not_mailable() -> None:
    assert mailable_in_ghl(ghl())
    assert not mailable_in_ghl(ghl(dnd=True))
    assert not mailable_in_ghl(ghl(dndSettings={"Email": {"status": "active"}}))
    assert not mailable_in_ghl(ghl(dndSettings={"Email": {"status": "permanent"}}))
