import pytest

from nlu.yes_no import (
    is_undecided,
    read_leading_yes_no,
    read_yes_no,
    says_more,
    takes_back_yes,
    wants_nothing_more,
)

YES = """
yes|yeah|yup|yep that's me|that's right|yes that's correct|uh-huh|uh huh|mm-hmm|mm hmm|mhm|mmhmm
yes please|I guess so|I think so|sure|yeah sure why not|ok|okay|Okay.|sounds good|absolutely
of course|correct|go ahead|right|I do|yes I do|yes I would|please do|please|no problem
yes, no problem|not a problem|I don't mind|yes, that's not wrong|fine by me|you bet|that works|it is
not a bad idea|not so bad|it isn't wrong|that isn't a problem|I couldn't agree more
I wouldn't say no|I don't disagree
"""
NO = """
no|nope|nah|No.|no thanks|no thank you|not really|no no that's wrong|that's wrong|not yet|not now
I don't think so|no way|absolutely not|of course not|certainly not|uh-uh|nuh-uh|no, please don't
incorrect|negative|okay no|no it isn't|it's not|that isn't correct|no, that is not right
I'd rather not|not at all|never|not quite|not exactly|I'm good thanks|no I'm fine|I do not
no, that's not what I want
don't do that|probably not|I'm afraid not|not today|no, not that one|please no|no that's not correct
"""
NEITHER = """
|no idea|yes and no|no, I mean yes|I don't know|maybe|not sure|it depends|either|sort of|hang on
hello|what|15213|can you say that again|where is my order|I can't remember|no that's right
I'd like to know the right size|there is something wrong with the kettle I bought
a person please|agent please|please cancel|please wait|correct my address|how do I confirm
okay but when|good morning|who is right|no, you're right|no they're right
I have no order number|do you have a good kettle for two people|I don't have my order number here
"""


def _said(table: str) -> list[str]:
    return [text for line in table.strip().splitlines() for text in line.split("|")]


@pytest.mark.parametrize("said", _said(YES))
def test_a_yes(said: str) -> None:
    assert read_yes_no(said) == "yes"


@pytest.mark.parametrize("said", _said(NO))
def test_a_no(said: str) -> None:
    assert read_yes_no(said) == "no"


@pytest.mark.parametrize("said", _said(NEITHER))
def test_neither_yes_nor_no(said: str) -> None:
    assert read_yes_no(said) is None


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("yes, and when are you open", "yes"),
        ("no but what does shipping cost", "no"),
        ("yes please", None),
        ("Okay, but when would I get my money back?", None),
        ("right, and how long does shipping take", None),
        ("yes, actually no, when are you open", None),
        ("when are you open, and where", None),
    ],
)
def test_an_answer_that_something_follows(said: str, answer: str | None) -> None:
    assert read_leading_yes_no(said) == answer


@pytest.mark.parametrize(
    "said",
    [
        "no it just doesn't work, the lid is broken",
        "No, it doesn't turn on.",
        "yes, it leaks",
        "nope, nothing but noise",
        "no not that one, the handle",
    ],
)
def test_more_than_a_no(said: str) -> None:
    assert says_more(said)


@pytest.mark.parametrize(
    "said",
    [
        "no",
        "No, thank you.",
        "no I don't",
        "no, I don't have one",
        "I don't know",
        "no idea, sorry",
        "I'd rather not say",
        "no, that's not right",
        "yes please",
        "uh-huh",
        "none of your business",
        "no I changed my mind",
        "no, wait",
        "hold on a second",
        "2",
    ],
)
def test_no_more_than_a_no(said: str) -> None:
    assert not says_more(said)


@pytest.mark.parametrize(
    "said",
    [
        "yes uh no wait don't cancel it",
        "Yes, wait.",
        "yes, don't",
        "sure, actually I'd rather not",
        "okay hold on",
        "yes... no!",
        "yes hold on a second",
        "sure, hold on, let me ask my wife",
        "yes wait a minute",
        "yes, wait, I want to keep it",
        "yes, on second thought keep it",
        "yes, I'd rather keep it",
        "yes let me think",
        "yes just one moment please",
        "yes hmm don't",
        "yes I mean don't",
        "yes, you know what, leave it",
        "yes, never mind",
        "yeah... maybe",
        "yes I don't know",
        "yes I have to ask my husband",
    ],
)
def test_a_yes_taken_back(said: str) -> None:
    assert takes_back_yes(said)


@pytest.mark.parametrize(
    "said",
    [
        "yes please",
        "yes cancel it, I don't need it any more",
        "sure, no rush",
        "yes, don't worry",
        "no, that's right",
        "no",
        "go ahead, I don't want it",
        "yes and when are you open",
        "yes please, keep me posted",
        "yes, I can't wait any longer",
        "yes I don't want to keep it",
        "sure, I never wanted to wait, cancel it rather than send it",
        "hold on, let me think, yes",
        "yes, sorry about that",
    ],
)
def test_a_yes_that_holds(said: str) -> None:
    assert not takes_back_yes(said)


@pytest.mark.parametrize(
    ("said", "undecided"),
    [
        ("hmm well I'm not sure", True),
        ("maybe", True),
        ("I don't know", True),
        ("let me think", True),
        ("I don't know, yes, go ahead", False),
        ("no, I'm not sure about that one", False),
        ("I'm sure", False),
    ],
)
def test_who_cannot_say(said: str, undecided: bool) -> None:
    assert is_undecided(said) is undecided


@pytest.mark.parametrize(
    ("said", "done"),
    [
        ("perfect that's all I needed", True),
        ("great, that's everything, thanks", True),
        ("thanks, that'll be it", True),
        ("I'm good", True),
        ("that's all I needed to know, thank you so much for your help", True),
        ("thank you, that's all about order 15213", True),
        ("that is all for today, bye", True),
        ("nothing else, I'm all set", True),
        ("thanks, that's everything I wanted to ask. Have a nice day!", True),
        ("that's all wrong", False),
        ("thank you, that's all I know but it is still late", False),
        ("I'm good at waiting but thanks, where is it", False),
        ("nothing else works, thank you", False),
        ("this is everything I got, half is missing", False),
        ("that's all I have, and the lid is missing", False),
        ("I don't think that's all, thanks", False),
        ("thanks for everything", False),
    ],
)
def test_who_is_done(said: str, done: bool) -> None:
    assert wants_nothing_more(said) is done
