"""Written English to words that any TTS engine says right. Pure; plain words pass unchanged."""

import re
import unicodedata

from voice.spoken_figures import FIGURES, Match, Rule, rule

# before a name or a figure, with or without its full stop
_TITLES = {"Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "vs": "versus"}
# only with the full stop, which may also end the sentence
_SHORT = {
    "Jr": "Junior",
    "Sr": "Senior",
    "approx": "approximately",
    "dept": "department",
    "Dept": "Department",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Inc": "Incorporated",
    "Ltd": "Limited",
    "Co": "Company",
    "Corp": "Corporation",
    "incl": "including",
    "max": "maximum",
    "etc": "et cetera",
    "tel": "telephone",
    "Tel": "Telephone",
}
_TYPOGRAPHY = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201b\u00b4\u02bc`", "'")
    | dict.fromkeys("\u2013\u2015", "—")
    | dict.fromkeys("\u2010\u2011\u2212", "-")
    | dict.fromkeys("™®©\u00ad\u200b\u200c\u200d\ufe0f")  # gone
    | {"\u2044": "/", "\u00d7": "x"}
)
_STRENGTH = ",:;.!?"  # of several marks in a row the last of these is kept


def speakable(text: str) -> str:
    """Return the text as words and the marks `. , : ; ? ! ' -`."""
    text = re.sub(r"(?<=\d)(?=[¼½¾⅓⅔])", " ", text.translate(_TYPOGRAPHY))
    text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    text = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text.strip()


def _ends(match: Match, words: str) -> str:
    """The words, with a full stop where the abbreviation's own also ended the sentence."""
    rest = match.string[match.end() :].lstrip()
    return words + ("." if not rest or (rest[0].isupper() and match[0].endswith(".")) else "")


def _strongest(match: Match) -> str:
    mark = max((c for c in match[0] if c in _STRENGTH), key=_STRENGTH.index)
    return f"{mark} "


_MARKUP: tuple[Rule, ...] = (
    rule(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1"),  # markdown's links
    rule(r"(?m)^\s*(?:[-*•·]|#{1,6}|>)\s+", ""),  # bullets, headings, quotations
    rule(r"</?[A-Za-z][^<>]*>", " "),
    rule(r"(\d{24})(?=\d)", r"\1 "),  # no number: the rules below would take seconds over it
    rule(r"(?<=[^\s.,:;?!])\s*\n\s*(?=\S)", ". "),
    rule(r"\s+", " "),
)
_ABBREVIATIONS: tuple[Rule, ...] = (
    rule(rf"\b({'|'.join(_TITLES)})\b\.?", lambda m: _TITLES[m[1]]),
    rule(r"\bDr\b\.?(?=\s[A-Z])", "Doctor"),
    rule(r"(?<=\w )Dr\.", lambda m: _ends(m, "Drive")),
    rule(r"\b([A-Z]\w+) St\.", lambda m: _ends(m, f"{m[1]} Street")),
    rule(r"\bSt\.(?=\s[A-Z])", "Saint"),
    rule(r"\b[Nn]os?\.\s?(?=[A-Z]*-?\d)|№\s?", "number "),
    rule(r"\b[Ee]\.\s?g\.,?", "for example,"),
    rule(r"\b[Ii]\.\s?e\.,?", "that is,"),
    rule(rf"\b({'|'.join(_SHORT)})\.", lambda m: _ends(m, _SHORT[m[1]])),
    rule(
        r"\b(?![AP]\.M\.)(?:[A-Z]\.){2,}",
        lambda m: _ends(m, m[0].replace(".", " ").strip()),
    ),
    rule(r"\bw/o\b", "without"),
    rule(r"\bw/(?=\s|\w)", "with "),
    rule(r"\bc/o\b", "care of"),
    rule(r"\band/or\b", "and or"),
)
_SIGNS: tuple[Rule, ...] = (
    rule(r"(?<=\w)\(s\)", "s"),
    rule(r"\s*&\s*", " and "),
    rule(r"\s*(?<![+\w])\+\s*(?=\w)|\s+\+\s+", " plus "),
    rule(r"\s*=\s*", " equals "),
    rule(r"~\s?(?=\w)", "about "),
    rule(r"<\s?(?=\w)", "less than "),
    rule(r"(?<![-=])>\s?(?=\w)", "more than "),
    rule(r"\s@\s", " at "),
    rule(r"%", " percent"),
    rule(r"(?<=[^\W\d_])\s?/\s?(?=[^\W\d_])", " or "),
    rule(r"\.{2,}(?=\s+[a-z])|\s[-—]+\s|—|[()\[\]]|\s*[-=]+>\s*", ", "),
)
_TIDY: tuple[Rule, ...] = (
    rule(r"[^\w\s.,:;?!'-]|_", " "),
    rule(r"(?<!\w)['-]+|['-]+(?!\w)", " "),
    rule(r"\s+", " "),
    rule(r"(?: ?[.,:;?!](?<![ap]\.m\.)){2,} ?| [.,:;?!] ?", _strongest),
    rule(r"(?<=[,:;?!])(?=\w)|(?<=[a-z]{2}\.)(?=[A-Z])", " "),
    rule(r"(?<=\b[ap]\.m\.)\.", ""),
    rule(r"^[\s.,:;?!]+", ""),
    rule(r"\s+", " "),
)
_RULES = (*_MARKUP, *_ABBREVIATIONS, *FIGURES, *_SIGNS, *_TIDY)
