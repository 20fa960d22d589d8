"""Yes and no in their many forms. Pure: words in, "yes", "no" or None out."""

import re
from typing import Literal

from nlu.numbers import squeezed

_NEITHER = re.compile(
    r"\b(?:yes and no|yes or no|no idea|no clue|not (?:sure|certain)|dunno|maybe|perhaps|possibly"
    r"|(?:do not|don't|didn't|can't|couldn't) (?:know|tell|remember|understand|recall|hear|catch)"
    r"|(?:it )?depends|(?:could|might) be|either|neither|(?:hang|hold) on|kind of|sort of"
    r"|(?:say|come) (?:that )?again|more or less|no (?:one|body)"
    r"|good (?:morning|afternoon|evening|day|night|bye)"
    r"|(?:^|but )(?:who|how|when|what|which|where)(?:'s)?"
    r"|(?:correct|confirm|change|right) (?:my|your|our|the)"
    r"|no,? (?:you|they|he|she|we)(?:'re|'s| are| is) (?:right|correct|true))\b"
)
_UNDECIDED = re.compile(
    r"\b(?:no idea|no clue|dunno|maybe|perhaps|(?:do not|don't) know|(?:it )?depends|more or less"
    r"|not (?:so |too |quite |entirely |really )?(?:sure|certain)|let me (?:think|see)"
    r"|have to think)\b"
)
_DONE = (
    r"(?<!n't think )(?:(?:that(?:'s| is|'ll be| will be)|this is) (?:all|everything|it)"
    r"|(?:i'm|we're|i am|we are) (?:all set|done|good)|nothing (?:else|more))\b"
)
_ABOUT_IT = (
    r"(?:about|for|on|with|regarding)(?: (?:my|our|the|this|that|it|me|us|you|now|today|order"
    r"|number|one|two|three|four|five|six|seven|eight|nine|zero|oh|\d+))+"
)
_NEEDED = (
    r"(?:(?:that|what) )?(?:i|we)(?:'ve| have)? (?:just )?(?:need|want|had|have)(?:ed)?"
    r"(?: to (?:know|ask|say|hear|do))?"
)
# Nothing but thanks and the like may follow: "that's all I know, but it is late" asks for more.
_NOTHING_MORE = re.compile(
    rf"{_DONE}(?:\W*(?:\b(?:{_ABOUT_IT}|{_NEEDED}"
    r"|thank(?: you|s)(?: (?:so|very) much| a lot)?"
    r"(?: for(?: (?:all|of|the|your|you|me|this|that|everything|help|helping|time|patience|call"
    r"|calling|information|info|done))+)?"
    r"|you(?:'ve| have)? been \w+(?: helpful)?|have a \w+ (?:day|one|evening|night|weekend)"
    r"|ok|okay|great|good|perfect|really|actually|then|now|today"
    r"|though|please|sir|at the moment|from me|ma'am|i think|no"
    rf"|bye|goodbye|bye bye|and|so|just|{_DONE})\b))*+\W*$"
)
_AGREEABLE = "right|correct|true|fine|good|ok|okay|perfect"
# Phrases whose words mean something else together than apart, in this order.
_PHRASES = tuple(
    (re.compile(shape), f" {meaning} ")
    for shape, meaning in (
        (r"\buh[\s,]+huh\b", "yes"),
        (r"\bm+h*m*[\s,-]+h+m+\b", "yes"),
        (r"\b(?:nuh|unh)[\s,-]+(?:uh|unh)\b|\buh[\s,-]+uhh?\b|\bmm[\s,-]+mm\b", "no"),
        (r"\b(?:not|isn't|wasn't|ain't|aren't)"
         r"(?: (?:an?|so|too|that|all that|such an?|really|any))*"
         r" (?:wrong|bad|incorrect|problem|issue|worry|trouble|mistaken)\b", "yes"),
        (r"\b(?:wouldn't|won't|couldn't|can't|cannot|would not) (?:say no|agree more|object)\b",
         "yes"),
        (r"\b(?:don't|do not|can't|wouldn't) (?:disagree|object)\b", "yes"),
        (r"\bwhy not\b|\bno doubt\b|\b(?:no|not a) (?:problem|worries|objection|rush|hurry)s?\b"
         r"|\b(?:don't|do not) worry\b", "yes"),
        (r"\b(?:do not|don't|wouldn't) mind\b|\bnot (?:wrong|bad|incorrect)\b", "yes"),
        (rf"\bno,? (?:that|it|this)(?: is|'s) (?:{_AGREEABLE})\b", "unclear"),
        (r"\bno,? thank(?:s| you)\b", "no"),
        (r"\b(?:i'm|i am|we're) (?:good|fine|okay|ok|all set|alright)(?: thanks?(?: you)?)?$",
         "no"),
        (r"\b(?:absolutely|definitely|certainly|of course|probably|surely|rather|afraid) not\b",
         "no"),
        (rf"\b(?:not|isn't|ain't|wasn't|doesn't)(?: \w+)?(?: \w+)? (?:{_AGREEABLE}|it|me|mine)\b",
         "no"),
        (r"\bnot (?:really|quite|exactly|yet|now|today|at all|any ?more|that one|this time)\b",
         "no"),
        (r"\b(?:don't|do not) (?:think|believe|suppose) so\b|\bno way\b|\bi hope not\b", "no"),
        (r"\b(?:do|does|did|would|will|could|can|should|have|has|is|am|are) not\b", "rather_no"),
        (r"\b(?:do|does|did|wo|would|ca|could|have|has|is|are|was)n't\b|\bcannot\b", "rather_no"),
    )
)  # fmt: skip
_YES = re.compile(
    r"\b(?:yes|yeah|yea|yep|yup|yeh|yah|ya|aye|yessir|uh-?huh|mm+-?hmm?|mhm+|m-?hm+|absolutely"
    r"|definitely|affirmative|of course|go ahead|go for it|by all means|you bet|very much so"
    r"|i (?:guess|think|suppose|believe|hope|reckon) so|that(?:'s| is) (?:right|correct|true|it))\b"
)
_NO = re.compile(
    r"(?<!have )(?<!had )(?<!got )(?<!there's )(?<!is )(?<!are )(?<!with )\bno\b"
    r"|\b(?:nope|nah|naw|nay|negative)\b"
)
# Words of long sentences too; answers only where little else is said.
_RATHER_YES = re.compile(
    r"\b(?:ok|okay|okey|k|sure|right|correct|exactly|precisely|certainly|indeed|totally|confirm"
    r"|confirmed|agreed|fine|perfect|great|good|true|alright|all right|do (?:it|that)"
    r"|sounds|works|will do|that'll do)\b"
    r"|\b(?:it is|i (?:do|am|would|will|have|can|did)|i'd (?:like|love)(?: to| that)?)$"
)
_RATHER_NO = re.compile(
    r"\b(?:rather_no|not|never|wrong|incorrect|false|stop|hardly|mistaken|nothing|na)\b"
)
_MANNERS = re.compile(r"\b(?:please|right|ok|okay|good|fine|great|sure|alright|all right|k)\b")
_FILLING = re.compile(
    r"\b(?:i|i'm|i'd|it|it's|that|that's|this|is|the|a|so|then|thanks?|you|just|all|to|me|very"
    r"|well|oh|um|uh|er|hmm|sir|madam|ma'am|really|much|one|with|by|for|sorry)\b"
)
# Words of which a yes, a no, or "I don't know" is made: with nothing else, nothing else is said.
_NOTHING_ELSE = re.compile(
    r"\b(?:no|none|nope|nah|naw|nay|negative|yes|rather_no|unclear|not|never|nothing|anything|any"
    r"|wrong|incorrect|false|correct|true|sure|certain|absolutely|definitely|exactly|of course"
    r"|know|knew|remember|recall|forget|forgot|tell|say|said|idea|clue|dunno|maybe|perhaps"
    r"|have|has|had|got|get|give|want|rather|prefer|would|will|can|could|do|did|am|are|was|be"
    r"|think|guess|believe|afraid|my|here|there|now|yet|else|something|what|which|of|on|at|hand"
    r"|(?:change|changed) (?:my|our) mind|(?:none of )?your business)\b"
)
_HESITATION = re.compile(
    r"\b(?:wait|(?:hang|hold) on|(?:one|just|a|just a|just one) (?:moment|second|sec|minute)"
    r"|let me (?:see|think|check|look)|i mean|actually|hello|what|pardon)\b"
)
_FOLLOWED = re.compile(r"[,.;!?]\s+|\s+(?:and|but|though)\s+", re.IGNORECASE)
_TAKES_BACK = re.compile(r"\s*(?:actually|but|no\b|wait|hang on|hold on)", re.IGNORECASE)
_NEGATED = r"(?:rather_no|not|never|stop)\b"
_THINKING_ALOUD = r"(?:uh+|um+|er+|hm+|oh|well|so|please|i mean|you know(?: what)?|like)"
_RETRACTS = re.compile(
    rf"^[\s,.]*(?:{_THINKING_ALOUD}[\s,.]+)*{_NEGATED}"
    rf"|\b(?:actually|sorry)\b(?:\W*$|.*\b{_NEGATED})"
)
# What puts a yes on hold or prefers the contrary, wherever it stands after it.
_HOLDS = re.compile(
    r"\b(?:wait|(?:hang|hold) (?:on|off)|let me (?:just )?(?:think|see|check|ask|look|talk|call)"
    r"|(?:(?:just )?an?|just|one|1) (?:moment|minute|min|second|sec)|on second thoughts?"
    r"|(?:have|had|need|got|want) to (?:think|ask|check|see|talk)|(?:would|i'd|we'd) prefer"
    r"|rather(?! than)|better not|never ?mind|forget (?:it|that|about)"
    r"|(?:keep|leave) (?:it|that|this|them|those|these|the|my|our|everything)"
    r"|maybe|perhaps|rather_no know|not (?:so |too |entirely )?(?:sure|certain))\b"
)
# "I can't wait any longer", "I don't want to keep it": these do not.
_HOLDS_NOT = re.compile(
    rf"\b{_NEGATED}(?: (?:want(?:ed)?|wish|like|need|going|able|to|have|just|really|even))*"
    r" (?:wait|keep|leave)\b|\b(?:the|long|long to) wait\b"
)
_MOST_BESIDE = 3  # words beside an answer that is not a plain yes or no


def read_yes_no(text: str) -> Literal["yes", "no"] | None:
    """Read an answer to a yes/no question; None where it is neither, both, or not clear."""
    said = squeezed(text).lower().replace("\u2019", "'").strip(" .,!?")
    if _NEITHER.search(said):
        return None
    for shape, meaning in _PHRASES:
        said = shape.sub(meaning, said)
    plain_yes, plain_no = bool(_YES.search(said)), bool(_NO.search(said))
    if "unclear" in said or (plain_yes and (plain_no or _RATHER_NO.search(said))):
        return None
    if plain_yes:
        return "yes"
    if plain_no:  # "okay, no", "no, please": manners beside it; "no, exactly" is not clear
        return None if _RATHER_YES.search(_MANNERS.sub(" ", said)) else "no"
    return _rather(said)


def takes_back_yes(text: str) -> bool:
    """Tell whether a yes is taken back or put on hold: "yes, uh, no wait, don't".

    "Yes, I don't need it any more" takes nothing back.
    """
    said = squeezed(text).lower().replace("\u2019", "'")
    for shape, meaning in _PHRASES:
        said = shape.sub(meaning, said)
    yes = _YES.search(said) or _RATHER_YES.search(said)
    if yes and _NO.search(said):
        return True
    if yes is None:
        return False
    after = " ".join(said[yes.end() :].split())
    return bool(_RETRACTS.search(after) or _HOLDS.search(_HOLDS_NOT.sub(" ", after)))


def read_leading_yes_no(text: str) -> Literal["yes", "no"] | None:
    """Read an answer that something else follows: "yes, and what does shipping cost".

    "Okay" and "right" only begin a sentence there, and "yes, actually no" is no yes.
    """
    first, *rest = _FOLLOWED.split(text.strip(), maxsplit=1)
    if not rest or not rest[0].strip():
        return None
    said = read_yes_no(first)
    if said == "yes" and (not _YES.search(first.lower()) or _TAKES_BACK.match(rest[0])):
        return None
    return said


def is_undecided(text: str) -> bool:
    """Tell whether somebody can neither say yes nor no: "hmm, I'm not sure"."""
    said = squeezed(text).lower().replace("\u2019", "'")
    beside, count = _UNDECIDED.subn(" ", said)
    return count > 0 and not (_YES.search(beside) or _NO.search(beside))


def wants_nothing_more(text: str) -> bool:
    """Tell whether somebody is done, who was asked for anything else: "perfect, that's all"."""
    return _NOTHING_MORE.search(squeezed(text).lower().replace("\u2019", "'")) is not None


def says_more(text: str) -> bool:
    """Tell whether an answer with a yes or a no in it is more: "no, the lid doesn't close".

    "No", "no, wait", "I don't have one" and "I'd rather not say" are not.
    """
    said = squeezed(text).lower().replace("\u2019", "'")
    for shape, meaning in _PHRASES:
        said = shape.sub(meaning, said)
    for shape in (_YES, _HESITATION, _NOTHING_ELSE, _MANNERS, _FILLING):
        said = shape.sub(" ", said)
    return re.search(r"[a-z]{2}", said) is not None


def _rather(said: str) -> Literal["yes", "no"] | None:
    beside = _FILLING.sub(" ", _RATHER_NO.sub(" ", _RATHER_YES.sub(" ", said)))
    if len(re.findall(r"[\w']+", beside)) > _MOST_BESIDE:
        return None
    if _RATHER_NO.search(said):
        return "no"
    if "please" in said and not re.sub(r"\b(?:please|do)\b|[\s,.!]", "", beside):
        return "yes"
    return "yes" if _RATHER_YES.search(said) else None
