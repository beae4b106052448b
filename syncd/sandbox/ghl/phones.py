"""Phones as the platform keeps them: E.164 (3.12)."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=65_536)
def e164(text: str, country: str) -> str | None:
    """None for what cannot be a phone number; without a prefix the country decides.

    Possible numbers are enough: those kept for fiction are never assigned.
    """
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
