"""Invented people by seed, and how the platforms share them.

Nobody here exists: addresses are at example domains (RFC 2606), phones are from the
ranges that the North American plan (NPA 555-0100 to 0199) and Ofcom (07700 900000 to
900999) keep for fiction.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

import phonenumbers

from syncd.sandbox.core import Person


@dataclass(frozen=True, slots=True)
class CustomField:
    """A custom field that invented people may have a value for, as text in `Person.custom`.

    Attributes:
        kind: `text`, `long_text`, `number`, `date` (YYYY-MM-DD), `choice`, `choices`
            (separated by "; ").
    """

    name: str
    kind: str
    options: tuple[str, ...] = ()


CUSTOM_FIELDS = (
    CustomField("Favourite colour", "text"),
    CustomField("Delivery notes", "long_text"),
    CustomField("Loyalty points", "number"),
    CustomField("Member since", "date"),
    CustomField("Loyalty level", "choice", ("Bronze", "Silver", "Gold")),
    CustomField("Interests", "choices", ("Cooking", "Garden", "Music", "Travel")),
)
TAGS = (
    "customer",
    "lead",
    "newsletter",
    "vip",
    "trade fair 2026",
    "workshop",
    "besançon",
    "spätkauf",
)

# First name, last name, their spelling in an address.
NAMES = (
    ("Ada", "Whitfield", "ada.whitfield"),
    ("Jürgen", "Müller-Lüdenscheidt", "juergen.mueller"),
    ("Zoë", "Lefèvre", "zoe.lefevre"),
    ("François", "Ça-Bien", "francois.cabien"),
    ("Siobhán", "O'Connor", "siobhan.oconnor"),
    ("Łukasz", "Żółkiewski", "lukasz.zolkiewski"),
    ("Đặng", "Nguyễn", "dang.nguyen"),
    ("İpek", "Yılmaz", "ipek.yilmaz"),
    ("María José", "Núñez de la Peña", "mj.nunez"),
    ("Søren", "Ørsted", "soren.orsted"),
    ("Björk", "Þórsdóttir", "bjork.thorsdottir"),
    ("Αλέξης", "Παπαδόπουλος", "alexis.papadopoulos"),
    ("Анна", "Щербакова", "anna.shcherbakova"),
    ("محمد", "الحسن", "mohammed.alhasan"),
    ("נועה", "לוי", "noa.levi"),
    ("王", "小明", "wang.xiaoming"),
    ("花子", "佐藤", "hanako.sato"),
    ("지훈", "김", "jihoon.kim"),
    ("Priya", "Raghunathan", "priya.raghunathan"),
    ("John", "Smith", "john.smith"),
    ("Mary-Jane", "van der Berg", "mj.vanderberg"),
    ("Lindiwe", "Nkosi", "lindiwe.nkosi"),
    ("Strauß", "Groß", "strauss.gross"),
    ("Ian", "McAllister", "ian.mcallister"),
    ("Beyza", "Çelik", "beyza.celik"),
    ("Wm.", "D'Angelo, Jr.", "w.dangelo"),
)
# City, country, postal code, street; the country decides which phones fit.
PLACES = (
    ("Springfield", "US", "62701", "12 Example Ave"),
    ("Portland", "US", "97201", "400 Sample St, Apt 5"),
    ("Montréal", "CA", "H2X 1Y4", "77 rue Exemple"),
    ("London", "GB", "SW1A 1AA", "1 Invented Row"),
    ("Llanfairpwll", "GB", "LL61 5UJ", "3 Station Rd"),
    ("München", "DE", "80331", "Beispielstraße 5"),
    ("Düsseldorf", "DE", "40213", "Musterweg 12 a"),
    ("Saint-Étienne", "FR", "42000", "9 rue de l'Exemple"),
    ("Kraków", "PL", "31-001", "ul. Przykładowa 8/3"),
    ("İstanbul", "TR", "34000", "Örnek Sok. 4"),
    ("東京", "JP", "100-0001", "千代田1-1"),
    ("تونس", "TN", "1000", "شارع المثال 2"),
)
COMPANIES = ("", "", "Example GmbH", "Sample & Sons", "Müßig AG", "Invented Ltd.", "株式会社例")
COLOURS = ("green", "dark blue", "türkis", "rouge foncé", "赤")
NOTES = ("Ring twice.\nLeave it at the neighbour's.", "Bitte klingeln", 'Only 9-17 h; "no" dogs')


@cache
def area_codes() -> tuple[int, ...]:
    """Those of places in North America; toll-free and personal numbers are left out."""
    places = (
        phonenumbers.PhoneNumberType.FIXED_LINE,
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    numbers = {area: phonenumbers.parse(f"+1{area}5550100") for area in range(201, 990)}
    return tuple(area for area, one in numbers.items() if phonenumbers.number_type(one) in places)


class Phones:
    """Every fictional number once, in an order of the dice; then none."""

    def __init__(self, dice: random.Random) -> None:
        self._american = [
            f"+1{area}55501{last:02d}" for area in area_codes() for last in range(100)
        ]
        self._british = [f"+447700900{last:03d}" for last in range(1000)]
        dice.shuffle(self._american)
        dice.shuffle(self._british)

    def take(self, country: str) -> str:
        pool = self._british if country == "GB" else self._american
        return pool.pop() if pool else ""


def invent(count: int, seed: int) -> list[Person]:
    """`count` different people; the same seed gives the same ones, in the same order."""
    if not count:
        return []  # to shuffle all the phones takes a while
    dice = random.Random(f"people {seed}")
    phones = Phones(dice)
    return [_person(number, seed, dice, phones) for number in range(count)]


def share_out(
    platforms: Sequence[str], contacts: int, *, common: float, seed: int
) -> dict[str, list[Person]]:
    """`contacts` people per platform, the share `common` of them known to every platform.

    Somebody known to several has equal values there, except for what differs in real
    life: an address in other letter case, a value that one side never asked for, an
    opt-out that only one side heard of.
    """
    shared = round(contacts * common)
    own = contacts - shared
    everybody = invent(shared + own * len(platforms), seed)
    dice = random.Random(f"sharing {seed}")
    lists = {}
    for position, platform in enumerate(platforms):
        start = shared + position * own
        known = [_as_known(person, dice) for person in everybody[:shared]]
        known += everybody[start : start + own]
        dice.shuffle(known)
        lists[platform] = known
    return lists


def _person(number: int, seed: int, dice: random.Random, phones: Phones) -> Person:
    first, last, local = dice.choice(NAMES)
    city, country, postal_code, street = dice.choice(PLACES)
    domain = dice.choice(("example.org", "example.com"))
    with_phone = country in ("US", "CA", "GB") or dice.random() < 0.2
    born = date(1940, 1, 1) + timedelta(days=dice.randrange(24_000))
    return Person(
        email=f"{local}.{seed}.{number}@{domain}",
        first_name=first,
        last_name=last,
        phone=phones.take(country) if with_phone else "",
        city=city,
        country=country,
        postal_code=postal_code,
        street=street,
        company=dice.choice(COMPANIES),
        birthday=born.isoformat() if dice.random() < 0.6 else "",
        tags=tuple(sorted(dice.sample(TAGS, dice.choice((0, 0, 1, 1, 2, 3))))),
        custom=_custom(dice),
        opted_out=dice.random() < 0.04,
    )


def _custom(dice: random.Random) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in CUSTOM_FIELDS:
        if dice.random() < 0.6:
            continue
        match field.kind:
            case "text":
                values[field.name] = dice.choice(COLOURS)
            case "long_text":
                values[field.name] = dice.choice(NOTES)
            case "number":
                values[field.name] = str(dice.randrange(10_000))
            case "date":
                joined = date(2015, 1, 1) + timedelta(days=dice.randrange(4_000))
                values[field.name] = joined.isoformat()
            case "choice":
                values[field.name] = dice.choice(field.options)
            case "choices":
                some = dice.sample(field.options, dice.randint(1, 2))
                values[field.name] = "; ".join(sorted(some))
    return values


def _as_known(person: Person, dice: random.Random) -> Person:
    roll = dice.random()
    if roll < 0.05:
        local, domain = person.email.split("@")
        return replace(person, email=f"{local.title()}@{domain}")
    if roll < 0.07:
        return replace(person, company="", birthday="")
    if roll < 0.09:
        return replace(person, custom={})
    if person.opted_out and roll < 0.4:
        return replace(person, opted_out=False)
    return person
