"""A hundred texts that have broken somebody's software before."""

_HIDDEN = (
    "zero\u200bwidth", "\u200b", "word\u2060joiner", "\ufeffmark before", "soft\u00adhyphen",
    "left\u200eto\u200fright", "\u202eback to front", "\u2067isolated\u2069", "no\u00a0break",
    "\u2003em space around\u2003", "line\u2028separator", "paragraph\u2029end",
    "\u180ename", "invisible\u2063comma", "\u0085next line\u0085",
)  # fmt: skip
_CONTROL = (
    "nul\x00inside", "\x00", "bell\x07", "\x1b[31mred\x1b[0m", "back\x08space", "del\x7f",
    "tab\tinside", "line\nfeed", "carriage\rreturn", "both\r\nends", "form\x0cfeed",
    "c1\x9fcontrol", "unit\x1fseparator", "\x01\x02\x03",
)  # fmt: skip
_UNICODE = (
    "lone high \ud800 surrogate", "lone low \udfff surrogate", "\udc80", "\ufffe not a character",
    "\uffff", "replaced \ufffd already", "astral \U0001f600", "👩‍👩‍👧‍👦", "🏳️‍🌈 flag",
    "🇩🇪🇫🇷", "👍🏿",
    "Zoe\u0308", "Zo\u00eb", "A\u030a and \u00c5 and \u212b", "Z\u0351\u036b\u0343\u036a\u0302algo",
    "ﬁ ligature", "İstanbul ıssız", "Straße STRASSE ẞ", "Ὀδυσσεύς", "Иван", "山田 太郎",
    "שלום", "مرحبا بالعالم", "हिन्दी", "ไทย", "\U000e0041tag", "𝔉𝔯𝔞𝔨𝔱𝔲𝔯",
)  # fmt: skip
_WORDS = (
    "null", "None", "undefined", "NaN", "Infinity", "0", "1e309", "007",
    "true", "false", "nil", "[]", "{}", "2026-02-30",
)  # fmt: skip
_CODE = (
    "=1+1", "+491701234567", "@SUM(A1:A9)", "=HYPERLINK(\"http://example.org\")",
    "'; DROP TABLE contacts; --", "Robert\\'); --", "<script>alert(1)</script>",
    "<b>bold</b>", "&amp;&lt;&#0;", "<!-- x -->", "<![CDATA[x]]>", "]]>",
    "<!DOCTYPE x [<!ENTITY e \"e\">]>&e;", "<?xml version=\"1.0\"?>", "%00", "%2e%2e%2f", "a+b%20c",
    "${7*7}{{7*7}}", "../../etc/passwd", "C:\\temp\\new", "\"quoted\"", "back`tick`",
)  # fmt: skip
_LENGTH = ("x" * 255, "ü" * 256, "word " * 100, "z" * 20_000)

HOSTILE: tuple[str, ...] = (
    *_HIDDEN, *_CONTROL, *_UNICODE, *_WORDS, *_CODE, *_LENGTH,
    " blank before", "blank behind ", " ", "a,b;c|d",
)  # fmt: skip
