# ruff: noqa: RUF001 - phonetic letters look like others
"""Phonemes from the eSpeak process: right, restarted, shared."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psutil
import pytest

from voice import EngineError
from voice.espeak import Espeak

# as Piper's own phonemizer gives them
PHONEMES = {
    "Hello there, how are you?": "həlˈoʊ ðˈɛɹ, hˈaʊ ɑːɹ juː?",
    "Well; yes: no! Really?": "wˈɛl; jˈɛs: nˈoʊ! ɹˈiəli?",
    'He said "hi". Then left.': "hiː sˈɛd hˈaɪ. ðˈɛn lˈɛft.",
    "A? B! C.": "ˈeɪ? bˈiː! sˈiː.",
    "Is that right?!": "ɪz ðæt ɹˈaɪt?",
    "Hello": "həlˈoʊ",
    "jane dot doe at example dot com": "dʒˈeɪn dˈɑːt dˈoʊ æɾ ɛɡzˈæmpəl dˈɑːt kˈɑːm",
    "": "",
}


@pytest.fixture
def espeak() -> Iterator[Espeak]:
    espeak = Espeak()
    yield espeak
    espeak.close()


def workers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if "espeak_worker" in " ".join(p.cmdline())]


def test_gives_pipers_phonemes_and_keeps_punctuation(espeak: Espeak) -> None:
    assert {text: espeak.phonemes("en-us", text) for text in PHONEMES} == PHONEMES


def test_speaks_other_languages(espeak: Espeak) -> None:
    assert espeak.phonemes("de", "Ich möchte.") == "ɪç mˈœçtə."
    assert espeak.phonemes("en-us", "Hello") == "həlˈoʊ"


def test_names_a_voice_it_has_not(espeak: Espeak) -> None:
    with pytest.raises(EngineError, match=r"eSpeak has no voice xx: see `espeak-ng --voices`"):
        espeak.phonemes("xx", "Hello")
    assert espeak.phonemes("en-us", "Hello") == "həlˈoʊ"


def test_lines_and_odd_characters_are_text_too(espeak: Espeak) -> None:
    assert espeak.phonemes("en-us", "no\nno") == "nˈoʊ nˈoʊ"
    assert espeak.phonemes("en-us", "no\0 no \ud800").startswith("nˈoʊ nˈoʊ")


def test_a_worker_that_dies_is_started_anew() -> None:
    others = workers()  # of voices that other tests have loaded
    with closing(Espeak()) as espeak:
        (worker,) = set(workers()) - set(others)
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait(5)
        assert espeak.phonemes("en-us", "Hello") == "həlˈoʊ"
        (successor,) = set(workers()) - set(others)
        assert successor != worker


def test_threads_share_it(espeak: Espeak) -> None:
    with ThreadPoolExecutor(8) as threads:
        texts = list(PHONEMES) * 20
        answers = list(threads.map(lambda text: espeak.phonemes("en-us", text), texts))
    assert answers == [PHONEMES[text] for text in texts]


def test_the_worker_ends_with_its_owner() -> None:
    others = workers()
    espeak = Espeak()
    assert len(workers()) == len(others) + 1
    del espeak
    assert workers() == others
