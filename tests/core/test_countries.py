"""Countries as people name them every day, beside the names that the tables hold."""

import pytest

from syncd.core.countries import country_code

EVERYDAY = {
    "BO": ("Plurinational State of Bolivia",),
    "CD": ("DR Congo", "Democratic Republic of the Congo", "Congo-Kinshasa", "DR Kongo"),
    "CG": ("Republic of the Congo", "Congo-Brazzaville"),
    "CH": ("Switzerland", "Swiss Confederation", "Schweizerische Eidgenossenschaft"),
    "CI": ("Ivory Coast", "Elfenbeinküste"),
    "CN": ("PR China", "People's Republic of China", "VR China", "Volksrepublik China"),
    "CV": ("Cape Verde", "Kap Verde"),
    "CZ": ("Czechia", "Czech Republic", "Tschechien", "Tschechische Republik", "Česko"),
    "DE": ("Germany", "BRD", "Bundesrepublik Deutschland", "Federal Republic of Germany"),
    "FK": ("Falkland Islands", "Falklandinseln"),
    "GB": (
        "UK",
        "U.K.",
        "United Kingdom",
        "Great Britain",
        "Britain",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
        "Vereinigtes Königreich",
        "Großbritannien",
        "Schottland",
        "Nordirland",
        "Royaume-Uni",
        "Grande-Bretagne",
    ),
    "GR": ("EL", "Hellas", "Hellenic Republic"),
    "HK": ("Hong Kong", "Hongkong"),
    "IE": ("Republic of Ireland", "Eire"),
    "IR": ("Iran", "Islamic Republic of Iran"),
    "KP": ("North Korea", "Nordkorea"),
    "KR": ("South Korea", "Südkorea", "Republic of Korea", "Korea"),
    "LA": ("Laos",),
    "MD": ("Moldova", "Moldau", "Moldawien", "Republic of Moldova"),
    "MK": ("Macedonia", "North Macedonia", "Mazedonien", "Nordmazedonien"),
    "MM": ("Burma", "Birma"),
    "NL": ("Netherlands", "The Netherlands", "Holland", "Niederlande", "Nederland"),
    "PS": ("Palestine", "Palästina", "State of Palestine"),
    "RU": ("Russia", "Russland", "Russian Federation", "Russische Föderation"),
    "SY": ("Syria", "Syrien"),
    "SZ": ("Swaziland", "Swasiland", "Eswatini"),
    "TR": ("Turkey", "Türkei", "Türkiye"),
    "TW": ("Taiwan",),
    "TZ": ("Tanzania", "Tansania"),
    "US": (
        "USA",
        "U.S.",
        "U.S.A.",
        "United States",
        "United States of America",
        "America",
        "Vereinigte Staaten",
        "Vereinigte Staaten von Amerika",
        "États-Unis",
        "Estados Unidos",
    ),
    "VA": ("Vatican", "Vatikan", "Holy See"),
    "VE": ("Venezuela",),
    "VN": ("Vietnam", "Viet Nam"),
    "XK": ("Kosovo", "Kosova"),
}


@pytest.mark.parametrize("code", EVERYDAY)
def test_every_everyday_name_means_its_country(code: str) -> None:
    assert {name: country_code(name) for name in EVERYDAY[code]} == dict.fromkeys(
        EVERYDAY[code], code
    )


@pytest.mark.parametrize("name", ["", "Atlantis", "Congo Belge Libre", "land", "the"])
def test_what_means_none_means_none(name: str) -> None:
    assert country_code(name) is None
