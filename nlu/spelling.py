"""Letters as people spell them: "B as in Bravo", "double L", "S, M, I, T, H". Pure functions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from nlu.numbers import Found, corrected, digit_runs

_NAMES = (
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett juliette kilo "
    "lima mike november oscar papa quebec romeo sierra tango uniform victor whiskey whisky yankee "
    "zulu"
)
_NATO = {name: name[0].upper() for name in _NAMES.split(" ")} | {"xray": "X"}
ALPHABET = frozenset(_NATO)  # words that stand for their first letters
_LETTER_NAMES = {
    "ay": "A", "bee": "B", "see": "C", "sea": "C", "cee": "C", "dee": "D", "ef": "F", "eff": "F",
    "gee": "G", "aitch": "H", "haitch": "H", "jay": "J", "kay": "K", "el": "L", "ell": "L",
    "em": "M", "en": "N", "pee": "P", "cue": "Q", "queue": "Q", "ar": "R", "ess": "S", "tee": "T",
    "vee": "V", "ex": "X", "wye": "Y", "zee": "Z", "zed": "Z",
}  # fmt: skip
# What a recogniser writes for a letter, believed only where letters are all there is to say.
HEARD_AS_LETTERS = {
    "be": "B", "baby": "BB", "he": "E", "age": "H", "eye": "I", "okay": "K", "hell": "L",
    "and": "N", "end": "N", "pea": "P", "peas": "P", "que": "Q", "are": "R", "our": "R", "aah": "R",
    "is": "S", "tea": "T", "you": "U", "we": "V", "why": "Y", "said": "Z", "zedd": "Z",
    "x-ray": "X",
}  # fmt: skip
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_SIGNS = {"hyphen": "-", "dash": "-", "apostrophe": "'", "space": " "}
_DROPPED = re.compile(r"\b(?:capital|upper ?case|lower ?case|the letter|letter)\s+", re.IGNORECASE)
_AS_IN = re.compile(
    r"\b([a-z]|[a-z]{2,5})[\s,]+(?:as in|for|four|4|like)\s+(?:an?\s+)?([a-z]+)", re.IGNORECASE
)
_HINT = re.compile(
    r",?\s+(?:(?:but |and )?(?:it's |that's )?(?:spelled |spelt )?)?(with|without)"
    r" (?:(an?|no|the letter) )?"
    r"(two |double )?\b(p ?h|[a-z])(?:'?s)?\b(?: at the end| in it)?",
    re.IGNORECASE,
)
_SOUNDS_LIKE = {
    "Y": "I",
    "I": "Y",
    "C": "KS",
    "K": "C",
    "S": "ZC",
    "Z": "S",
    "J": "G",
    "G": "J",
    "PH": "VF",
}
_SILENT_ENDS = "EH"
_DOUBLE_U = re.compile(r"\bdouble[\s-]+(?:u|you)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:'[^\W\d_]+)?")
_SHORTEST = 2  # letters in a row before they are a spelling
_SHORTEST_SURE = 4  # letters that are no initials
_SPELLED = re.compile(r"\b(?:spelled|spelt|spelling|spell (?:it|that))\W*$", re.IGNORECASE)
_SHORTEST_NAMED = 3  # where all are words: Victor Romeo may be somebody's name


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that a word of a spelling stands for, "" for a word that stands for none."""

    letters: str
    word: str
    start: int
    end: int


def find_code(text: str, length: int | None = None) -> Found | None:
    """Find a spelled code of letters and digits: "C as in Charlie, zed, D eight" → "CZD8".

    What the caller takes back is left out; where only a part is said again, there is no code.
    """
    spelled = [piece for piece in pieces(text) if re.fullmatch("[A-Z0-9]+", piece.letters)]
    last = corrected(text)
    start = 0 if text.startswith(last) else text.rfind(last)
    kept = [piece for piece in spelled if start <= piece.start < start + len(last)]
    if kept and _length(kept) < _length([piece for piece in spelled if piece.start < start]):
        return None
    spelled = kept or spelled
    value = "".join(piece.letters for piece in spelled)
    if not value or (length is not None and len(value) != length):
        return None
    return Found(value, spelled[0].start, spelled[-1].end)


def pieces(text: str, digits: bool = True) -> Iterator[Piece]:
    """Read each word as the characters it spells; digits said as words are numerals."""
    marked = unexplained(text)
    for run in list(digit_runs(marked)) if digits else []:
        if run.value:  # else "double" before a letter
            marked = marked[: run.start] + run.value.ljust(run.end - run.start) + marked[run.end :]
    times, start = 1, 0
    before = Piece("", "", 0, 0)
    for match in _WORD.finditer(marked):
        word = match[0]
        if word.lower() in _TIMES:
            times, start = _TIMES[word.lower()], match.start()
            continue
        letters = _letters(word) * (times if len(_letters(word)) == 1 else 1)
        if _names_again(before, word):
            continue
        before = Piece(letters, word, start if times > 1 else match.start(), match.end())
        times = 1
        yield before


def characters(text: str) -> str:
    """Spell out text in which every word stands for letters or digits, as recognisers hear them."""
    return "".join(
        piece.letters or HEARD_AS_LETTERS.get(piece.word.lower(), piece.word.upper())
        for piece in pieces(text)
    )


def spellings(text: str) -> list[Found]:
    """Find the stretches of spelled letters: "Jon, J O N" → ["JON"], with signs between them."""
    found: list[Found] = []
    run: list[Piece] = []
    for piece in [*pieces(text, digits=False), Piece("", "", len(text), len(text))]:
        if piece.letters and not any(map(str.isdigit, piece.letters)):
            run.append(piece)
        elif run and piece.word.lower() in _SIGNS:
            run.append(Piece(_SIGNS[piece.word.lower()], piece.word, piece.start, piece.end))
        else:
            found += _stretch(run)
            run = []
    return found


def is_spelled(stretch: Found, said: str, others: Sequence[str]) -> bool:
    """Whether a stretch of letters of a name spells it, rather than being initials.

    Two or three letters do where they are like a word said before ("Jo, J O"), are announced or
    explained ("spelled A N A", "B as in Bravo, O, B"), or, being three, are all that was said.
    """
    letters = stretch.value
    if len(letters) >= _SHORTEST_SURE or _SPELLED.search(said[: stretch.start]):
        return True
    if len(letters) > _SHORTEST and not others:
        return True
    before = _WORD.findall(said[: stretch.start])
    return any(len(word) > 1 and _distance(letters, word) <= 1 for word in before)


def respelled(said: str, spelled: Sequence[str]) -> str:
    """Write the words of a name as they were spelled: "Jon Smith", ["SMYTH"] → "Jon Smyth".

    A spelling of the whole name is divided where it fits the words best; one that is like no word
    said stands alone where nothing was said, and is a word more where something was.
    """
    words = said.split()
    for letters in spelled:
        parts = letters.split() if " " in letters else _divided(letters, words)
        for part in parts:
            near = [i for i, word in enumerate(words) if _alike(part, word)]
            name = part.title()
            if near:
                words[min(near, key=lambda i: _distance(part, words[i]))] = name
            else:
                words.append(name)
    return " ".join(words)


def signed(name: str) -> str:
    """Write the signs that were said: "Anne dash Marie" → "Anne-Marie"."""
    name = re.sub(r"\s+(?:hyphen|dash)\s+", "-", name, flags=re.IGNORECASE)
    return re.sub(r"\s+apostrophe\s+", "'", name, flags=re.IGNORECASE)


def said_hints(text: str) -> tuple[str, list[str]]:
    """Take hints like "with a y" out of the words of a name; the letters hinted at are capitals.

    A letter that the name has not is "-H".
    """
    hints = []
    for match in _HINT.finditer(text):
        twice = (match[3] or "").strip().lower() in {"two", "double"}
        without = match[1].lower() == "without" or (match[2] or "").lower() == "no"
        letters = match[4].upper().replace(" ", "") * (2 if twice else 1)
        hints.append("-" * without + letters)
    return _HINT.sub("", text), hints


def hinted(name: str, hints: Sequence[str]) -> str:
    """Spell the last word that can be as the hints say: "Smith", ["Y"] → "Smyth"."""
    for hint in hints:
        words = name.split()
        if hint.startswith("-"):
            if words and words[-1].upper().endswith(hint[1:]):
                name = name[: 1 - len(hint)]
            continue
        if any(hint in word.upper() for word in words):
            continue
        for i in range(len(words) - 1, -1, -1):
            if (spelled := _respell(words[i], hint)) != words[i]:
                words[i] = spelled
                break
        name = " ".join(words)
    return name


def _respell(word: str, hint: str) -> str:
    letter = hint[0]
    if hint == letter * 2:
        at = word.upper().rfind(letter)
        return word[:at] + hint.lower() + word[at + 1 :] if at > 0 else word
    for other in _SOUNDS_LIKE.get(hint, ""):
        at = word.upper().find(other)
        if at >= 0:
            return word[:at] + (hint.title() if at == 0 else hint.lower()) + word[at + 1 :]
    return word + letter.lower() if letter in _SILENT_ENDS else word


def unexplained(text: str) -> str:
    """Reduce "B as in Bravo" and "double u" to their letters, each character where it was."""
    marked = _DROPPED.sub(lambda match: " " * len(match[0]), text)
    marked = re.sub(r"\bx-ray\b", "xray ", marked, flags=re.IGNORECASE)
    marked = _AS_IN.sub(_as_in, marked)
    return _DOUBLE_U.sub(lambda match: "W".ljust(len(match[0])), marked)


def _as_in(match: re.Match[str]) -> str:
    first, word = match[1], match[2]
    letter = first if len(first) == 1 else _letters(first)
    agrees = len(letter) == 1 and letter.lower() == word[0].lower()
    another = word.lower() in _NATO or any(run.value for run in digit_runs(word))
    if another and re.search(r"\b(?:4|four)\b", match[0], re.IGNORECASE):
        return match[0]  # "D four Delta", "Tango four two"
    if not agrees and not (len(first) == 1 and "4" not in match[0] and "four" not in match[0]):
        return match[0]
    if len(word) == 1:  # "a for a": nothing is explained
        return match[0]
    return letter.ljust(len(match[0]))


def _length(spelled: Sequence[Piece]) -> int:
    return sum(len(piece.letters) for piece in spelled)


def _letters(word: str) -> str:
    if len(word) == 1 or any(letter.isdigit() for letter in word) or word.isupper():
        return word.upper()
    return _NATO.get(word.lower()) or _LETTER_NAMES.get(word.lower(), "")


def _names_again(before: Piece, word: str) -> bool:
    """Whether "Bravo" only explains the B before it."""
    return len(before.word) == 1 and before.letters == _NATO.get(word.lower())


def _stretch(run: list[Piece]) -> list[Found]:
    while run and run[-1].letters in _SIGNS.values():
        run.pop()
    letters = "".join(piece.letters for piece in run)
    alone = sum(len(piece.word) == 1 for piece in run)
    named = sum(piece.word.lower() in _NATO for piece in run)
    if alone + named < (_SHORTEST if alone else _SHORTEST_NAMED):
        return []
    return [Found(letters, run[0].start, run[-1].end)]


def _divided(letters: str, words: Sequence[str]) -> list[str]:
    """Divide a spelling of two words said: "JONSMYTH", ["John", "Smith"] → ["JON", "SMYTH"]."""
    whole = "".join(words)
    if len(words) != 2 or any(_alike(letters, word) for word in words):
        return [letters]
    if not _alike(letters, whole):
        return [letters]
    cut = min(
        range(1, len(letters)),
        key=lambda i: _distance(letters[:i], words[0]) + _distance(letters[i:], words[1]),
    )
    return [letters[:cut], letters[cut:]]


def _alike(letters: str, word: str) -> bool:
    return _distance(letters, word) <= max(1, max(len(letters), len(word)) // 2) and (
        bool(set(letters.lower()[:2]) & set(word.lower()[:2]))
    )


def _distance(letters: str, word: str) -> int:
    return Levenshtein.distance(letters.lower(), word.lower())
