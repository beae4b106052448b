"""Names and codes of countries, and the two-letter code that they mean.

Codes: ISO 3166-1 as of 2026-11. Names: every language that the tables of the
`phonenumbers` library hold, and the everyday names below.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

ALPHA_3: dict[str, str] = dict(
    re.findall(
        r"(..):(...)",
        """
    AD:AND AE:ARE AF:AFG AG:ATG AI:AIA AL:ALB AM:ARM AO:AGO AQ:ATA AR:ARG AS:ASM AT:AUT AU:AUS
    AW:ABW AX:ALA AZ:AZE BA:BIH BB:BRB BD:BGD BE:BEL BF:BFA BG:BGR BH:BHR BI:BDI BJ:BEN BL:BLM
    BM:BMU BN:BRN BO:BOL BQ:BES BR:BRA BS:BHS BT:BTN BV:BVT BW:BWA BY:BLR BZ:BLZ CA:CAN CC:CCK
    CD:COD CF:CAF CG:COG CH:CHE CI:CIV CK:COK CL:CHL CM:CMR CN:CHN CO:COL CR:CRI CU:CUB CV:CPV
    CW:CUW CX:CXR CY:CYP CZ:CZE DE:DEU DJ:DJI DK:DNK DM:DMA DO:DOM DZ:DZA EC:ECU EE:EST EG:EGY
    EH:ESH ER:ERI ES:ESP ET:ETH FI:FIN FJ:FJI FK:FLK FM:FSM FO:FRO FR:FRA GA:GAB GB:GBR GD:GRD
    GE:GEO GF:GUF GG:GGY GH:GHA GI:GIB GL:GRL GM:GMB GN:GIN GP:GLP GQ:GNQ GR:GRC GS:SGS GT:GTM
    GU:GUM GW:GNB GY:GUY HK:HKG HM:HMD HN:HND HR:HRV HT:HTI HU:HUN ID:IDN IE:IRL IL:ISR IM:IMN
    IN:IND IO:IOT IQ:IRQ IR:IRN IS:ISL IT:ITA JE:JEY JM:JAM JO:JOR JP:JPN KE:KEN KG:KGZ KH:KHM
    KI:KIR KM:COM KN:KNA KP:PRK KR:KOR KW:KWT KY:CYM KZ:KAZ LA:LAO LB:LBN LC:LCA LI:LIE LK:LKA
    LR:LBR LS:LSO LT:LTU LU:LUX LV:LVA LY:LBY MA:MAR MC:MCO MD:MDA ME:MNE MF:MAF MG:MDG MH:MHL
    MK:MKD ML:MLI MM:MMR MN:MNG MO:MAC MP:MNP MQ:MTQ MR:MRT MS:MSR MT:MLT MU:MUS MV:MDV MW:MWI
    MX:MEX MY:MYS MZ:MOZ NA:NAM NC:NCL NE:NER NF:NFK NG:NGA NI:NIC NL:NLD NO:NOR NP:NPL NR:NRU
    NU:NIU NZ:NZL OM:OMN PA:PAN PE:PER PF:PYF PG:PNG PH:PHL PK:PAK PL:POL PM:SPM PN:PCN PR:PRI
    PS:PSE PT:PRT PW:PLW PY:PRY QA:QAT RE:REU RO:ROU RS:SRB RU:RUS RW:RWA SA:SAU SB:SLB SC:SYC
    SD:SDN SE:SWE SG:SGP SH:SHN SI:SVN SJ:SJM SK:SVK SL:SLE SM:SMR SN:SEN SO:SOM SR:SUR SS:SSD
    ST:STP SV:SLV SX:SXM SY:SYR SZ:SWZ TC:TCA TD:TCD TF:ATF TG:TGO TH:THA TJ:TJK TK:TKL TL:TLS
    TM:TKM TN:TUN TO:TON TR:TUR TT:TTO TV:TUV TW:TWN TZ:TZA UA:UKR UG:UGA UM:UMI US:USA UY:URY
    UZ:UZB VA:VAT VC:VCT VE:VEN VG:VGB VI:VIR VN:VNM VU:VUT WF:WLF WS:WSM XK:XKX YE:YEM YT:MYT
    ZA:ZAF ZM:ZMB ZW:ZWE
    """,
    )
)

# Only those that the tables do not hold.
_EVERYDAY = {
    "BO": ("Plurinational State of Bolivia",),
    "CD": ("DR Congo", "DR Kongo"),
    "CG": ("Republic of the Congo",),
    "CH": ("Swiss Confederation", "Schweizerische Eidgenossenschaft"),
    "CI": ("Ivory Coast",),
    "CN": ("PR China", "People's Republic of China", "VR China", "Volksrepublik China"),
    "CZ": ("Czechia", "Tschechien", "Česko"),
    "DE": ("BRD", "Bundesrepublik Deutschland", "Federal Republic of Germany"),
    "FK": ("Falklandinseln",),
    "GB": (
        "UK",
        "U.K.",
        "Great Britain",
        "Britain",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
        "Großbritannien",
        "Schottland",
        "Nordirland",
        "Grande-Bretagne",
    ),
    "GR": ("EL", "Hellas", "Hellenic Republic"),
    "IE": ("Republic of Ireland",),
    "IR": ("Islamic Republic of Iran",),
    "KR": ("Republic of Korea",),
    "MD": ("Moldawien", "Republic of Moldova"),
    "MK": ("North Macedonia", "Nordmazedonien"),
    "MM": ("Burma", "Birma"),
    "NL": ("The Netherlands", "Holland"),
    "PS": ("State of Palestine",),
    "RU": ("Russian Federation", "Russische Föderation"),
    "SZ": ("Eswatini",),
    "US": ("U.S.", "U.S.A.", "United States of America", "America", "Vereinigte Staaten"),
    "VA": ("Holy See",),
    "XK": ("Kosovo", "Kosova"),
}


def country_code(text: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country given by code or name; None if unknown.

    Also knows alpha-3 codes, and names in any language, without regard to case,
    accents and punctuation.

    >>> country_code("de"), country_code("AUT"), country_code("Großbritannien")
    ('DE', 'AT', 'GB')
    >>> country_code("États-Unis"), country_code("U.S.A."), country_code("Atlantis")
    ('US', 'US', None)
    """
    code = text.strip().upper()
    return code if code in ALPHA_3 else _codes().get(_folded(text))


def country_name(code: str, language: str) -> str | None:
    """What a language (`de`, `en`, …) calls the country with an alpha-2 code.

    >>> country_name("AT", "de"), country_name("AT", "fr"), country_name("AT", "en")
    ('Österreich', 'Autriche', 'Austria')
    """
    names = _names().get(code, {})
    name = names.get(language)
    return names.get(name[1:]) if name is not None and name.startswith("*") else name


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in apart if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", " ", bare).strip()


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """Names by alpha-2 code and language; a large table, so it is read when first needed."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names: Mapping[str, Mapping[str, str]] = LOCALE_DATA
    return names


@cache
def _codes() -> dict[str, str]:
    """Code by folded name; a name that means two countries in two languages is left out."""
    meanings: dict[str, set[str]] = {}
    named = _names()
    for code in ALPHA_3.keys() & named.keys():
        for name in named[code].values():
            if not name.startswith("*"):
                meanings.setdefault(_folded(name), set()).add(code)
    by_name = {name: codes.pop() for name, codes in meanings.items() if len(codes) == 1}
    by_name |= {_folded(name): code for code, names in _EVERYDAY.items() for name in names}
    by_name |= {alpha_3.lower(): code for code, alpha_3 in ALPHA_3.items()}
    return by_name
