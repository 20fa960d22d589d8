"""A sentence taken apart for comparison: its stems, figures, names, and what it denies."""

import re
from collections.abc import Iterable
from functools import cached_property

from dialogue.knowledge.words import stem
from nlu.numbers import numerals

ALL = r"all|every|everything|everyone|everybody|any|anything|anyone|always"
OPPOSED = (  # words of which one side, where only the other is written, says the opposite
    ("free", "charge|charged|fee|pay|pays|cost|costs|paid|dollars|euros|pounds"),
    ("before|by|until", "after"),
    ("within", "after"),
    ("more|over", "less|fewer|under"),
    ("up to|at most", "at least"),
    ("first", "last"),
    ("next", "same"),
    ("open|opens", "closed|closes|close|shut"),
    ("used|worn", "unused|unworn"),
    ("once", "twice"),
    ("morning|noon", "afternoon|evening|night"),
    ("allowed|possible|accept|accepted|take", "forbidden|impossible|refuse|refused"),
    ("slower|slowest", "faster|fastest|quickest|quicker"),
    ("together|same", "separate|separately"),
    ("yes", "no"),
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d[\d,.:]*\d|\d")
_NAME = re.compile(r"[A-Z][^\W\d_]*")
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?(?::\d\d)?(?:st|nd|rd|th)?")
_SINGLE = re.compile(r"\b(?:one|an?|each|every|per)\s+(?:single |working |business )?([a-z]+)")
_ONE = re.compile(r"\bone\b")
_FREE = re.compile(
    r"free of charge|for free|costs? nothing"
    r"|(?:at|with|is|are) no (?:extra |additional )?(?:charge|cost|fee)s?"
    r"|without (?:extra |any )?(?:charge|cost|fee)s?"
)
_NOT = re.compile(
    r"\b(?:not|no|none|never|nobody|nothing|neither|nor|without|cannot|unable|unless|except)\b"
    r"|n't\b"
)
_PART = re.compile(r"[,;:]\s+|\s+(?=(?:but|if|when|while|because|as long as)\b)")
_UNITS = {
    *("second", "minut", "hour", "day", "week", "month", "year"),
    *("percent", "dollar", "euro", "pound", "cent", "point", "mile"),
}
_IDLE = {
    *("a", "about", "also", "am", "an", "and", "another", "are", "as", "at", "back", "be", "been"),
    *("being", "but", "by", "can", "case", "come", "comes", "could", "course", "currently", "did"),
    *("do", "does", "down", "each", "for", "from", "get", "gets", "give", "gives", "go", "goes"),
    *("got", "had", "has", "have", "her", "here", "his", "how", "however", "i", "i'm", "i've"),
    *("if", "in", "into", "is", "it", "it'll", "it's", "its", "just", "let", "like", "make"),
    *("makes", "may", "me", "might", "must", "my", "need", "needs", "no", "note", "of", "off"),
    *("on", "one", "ones", "or", "our", "ours", "out", "own", "please", "shall", "she", "should"),
    *("simply", "so", "some", "such", "sure", "take", "takes", "than", "that", "that's", "the"),
    *("their", "them", "then", "there", "there's", "these", "they", "they're", "thing", "things"),
    *("this", "those", "through", "to", "too", "up", "us", "use", "uses", "usually", "want", "was"),
    *("way", "we", "we'll", "we're", "we've", "well", "were", "what", "when", "where", "which"),
    *("while", "who", "will", "with", "would", "yes", "you", "you'll", "you're", "you've", "your"),
    *("yours", "able"),
}


class Text:
    """A sentence. Its parts are computed once; for one thread."""

    def __init__(self, text: str) -> None:
        self.text = text
        lower = text.replace("\u2019", "'").lower()
        lower = re.sub(r"\$\s?(\d[\d,]*(?:\.\d+)?)", r"\1 dollars", lower).replace("%", " percent")
        lower = lower.replace("half an hour", "30 minutes").replace("-", " ")
        self._singles = lower
        self.plain = _FREE.sub("free", numerals(_ONE.sub(" ", lower)))

    @cached_property
    def words(self) -> list[str]:
        """Its words and numbers, in small letters."""
        return _WORD.findall(self.plain)

    @cached_property
    def stems(self) -> list[str]:
        """The stems of its content words."""
        return _content(self.plain)

    @cached_property
    def parts(self) -> list[str]:
        """What stands between commas and conjunctions, if there is more than one."""
        parts = [part.strip() for part in _PART.split(self.text)]
        return [part for part in parts if part] if len(parts) > 1 else []

    @cached_property
    def denied(self) -> set[str]:
        """The stems that follow a negation in the same part."""
        found = set()
        for part in _PART.split(self.plain):
            if negation := _NOT.search(part):
                found |= set(_content(part[negation.end() :]))
        return found

    @cached_property
    def asserted(self) -> set[str]:
        """The other stems."""
        found = set()
        for part in _PART.split(self.plain):
            negation = _NOT.search(part)
            found |= set(_content(part[: negation.start()] if negation else part))
        return found

    @cached_property
    def names(self) -> list[str]:
        """The capitalised words but the first."""
        names = (match for match in _NAME.finditer(self.text) if match.start() > 0)
        return [name[0] for name in names if name[0] != "I"]

    @cached_property
    def singles(self) -> dict[str, bool]:
        """What there is one of, "a day", "one parcel", and whether that is as good as a number."""
        found: dict[str, bool] = {}
        for single in _SINGLE.finditer(self._singles):
            what = stem(single[1])
            found[what] = found.get(what, False) or what in _UNITS or single[0].startswith("one")
        return found

    @cached_property
    def figures(self) -> list[tuple[str, str]]:
        """Each number, with the unit that comes after it, if any."""
        found = []
        for figure in _FIGURE.finditer(self.plain):
            after = stemmed(re.findall(r"[a-z]+", self.plain[figure.end() :])[:3])
            unit = next((one for one in after if one in _UNITS), "")
            found.append((figure[0].replace(",", "").removesuffix(".00"), unit))
        return found


def stemmed(words: Iterable[str]) -> list[str]:
    """Return the words' stems."""
    return [stem(word) for word in words]


def is_idle(sentence: str) -> bool:
    """Say whether it states nothing: "Sure!", "Yes, you can."."""
    text = Text(sentence)
    return not (text.stems or text.figures or text.singles)


def first(words: str, text: str) -> str:
    """Return the first of these words in the text: "more|over"; "" if there is none."""
    found = re.search(rf"\b(?:{words})\b", text)
    return found[0] if found else ""


def has(words: str, text: str) -> bool:
    """Say whether the text has one of the words."""
    return bool(first(words, text))


def _content(plain: str) -> list[str]:
    words = (word for word in _WORD.findall(plain) if word[0].isalpha() and word not in _IDLE)
    return stemmed(word for word in words if not _NOT.search(word))
