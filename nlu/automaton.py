"""Sentence patterns as one small acyclic automaton; `nlu/grammar.py` explains how they are written.

Each pattern becomes a nondeterministic automaton (Thompson's construction); together they are made
deterministic, and states with the same future become one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nlu.phonetics import words

_TOKEN = re.compile(r"\$(\w+):(\w+)|([\[\](),])|([^\s\[\](),$]+)")


class PatternError(ValueError):
    """A pattern that is not well-formed."""


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """A word on an arc; inside a slot with the names of the slot and of its set of values."""

    word: str
    slot: str = ""
    values: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Arcs as (index of a label, index of a state); `intent` is the one that may end here."""

    intent: str
    arcs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Automaton:
    """States in topological order, the first one is the start."""

    labels: list[Label]
    states: list[State]


@dataclass(slots=True)
class _Nfa:
    """Arcs by state; one without a label is free."""

    arcs: list[list[tuple[Label | None, int]]] = field(default_factory=lambda: [[]])
    ends: dict[int, str] = field(default_factory=dict)

    def state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1

    def chain(self, start: int, labels: Sequence[Label]) -> int:
        for label in labels:
            end = self.state()
            self.arcs[start].append((label, end))
            start = end
        return start

    def join(self, starts: Sequence[int]) -> int:
        end = self.state()
        for start in starts:
            self.arcs[start].append((None, end))
        return end


def compile_patterns(
    patterns: Mapping[str, Sequence[str]], values: Mapping[str, Sequence[str]]
) -> Automaton:
    """Make the automaton of the patterns by intent; raises PatternError."""
    if not any(patterns.values()):
        raise PatternError("there are no patterns")
    nfa = _Nfa()
    for intent, sentences in patterns.items():
        for sentence in sentences:
            end = _Parser(nfa, sentence, values).parse()
            nfa.ends.setdefault(end, intent)
    return _minimal(*_deterministic(nfa))


class _Parser:
    """Recursive descent over one pattern; each method takes a state and returns where it leads."""

    def __init__(self, nfa: _Nfa, pattern: str, values: Mapping[str, Sequence[str]]) -> None:
        self._nfa, self._pattern, self._values = nfa, pattern, values
        self._tokens = [*_TOKEN.finditer(pattern)]
        self._at = 0
        self._filled: frozenset[str] = frozenset()  # slots, on some way to where parsing is

    def parse(self) -> int:
        if left := _TOKEN.sub(" ", self._pattern).strip():
            raise self._error(f"unexpected {left[0]!r}")
        end = self._sequence(0)
        if self._at < len(self._tokens):
            raise self._error(f"unexpected {self._tokens[self._at][0]!r}")
        if end in _closure(self._nfa, {0}):
            raise self._error("no word is needed for it")
        return end

    def _sequence(self, start: int) -> int:
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            values, slot, mark, word = token.groups()
            if mark and mark not in "[(":
                return start
            self._at += 1
            if mark:
                start = self._group(start, mark)
            elif word:
                start = self._nfa.chain(start, [Label(each) for each in self._words(word)])
            else:
                start = self._slot(start, values, slot)
        return start

    def _group(self, start: int, mark: str) -> int:
        ends = [start] if mark == "(" else []
        closing = ")" if mark == "(" else "]"
        before = filled = self._filled
        while True:
            self._filled = before
            ends.append(self._sequence(start))
            self._filled = filled = filled | self._filled
            if self._at == len(self._tokens):
                raise self._error(f"{closing!r} is missing")
            self._at += 1
            found = self._tokens[self._at - 1][0]
            if found == closing:
                return self._nfa.join(ends)
            if found != ",":
                raise self._error(f"{closing!r} expected, not {found!r}")

    def _slot(self, start: int, values: str, slot: str) -> int:
        if not self._values.get(values):
            raise self._error(f"there are no values {values!r}")
        if slot in self._filled:
            raise self._error(f"slot {slot!r} is filled twice")
        self._filled |= {slot}
        phrases = [words(phrase) for phrase in self._values[values]]
        if not all(phrases):
            raise self._error(f"one of the values {values!r} has no words")
        return self._nfa.join(
            [
                self._nfa.chain(start, [Label(word, slot, values) for word in phrase])
                for phrase in phrases
            ]
        )

    def _words(self, text: str) -> list[str]:
        found = words(text)
        if not found:
            raise self._error(f"{text!r} is no word")
        return found

    def _error(self, problem: str) -> PatternError:
        return PatternError(f"{self._pattern!r}: {problem}")


_Arcs = dict[Label, int]


def _deterministic(nfa: _Nfa) -> tuple[list[_Arcs], list[str]]:
    """Arcs and intent of each set of states that the same words lead to; 0 is the start."""
    start = _closure(nfa, {0})
    found = {start: 0}
    waiting = [start]
    arcs: list[_Arcs] = []
    intents: list[str] = []
    for states in waiting:
        targets: dict[Label, set[int]] = {}
        for state in states:
            for label, target in nfa.arcs[state]:
                if label is not None:
                    targets.setdefault(label, set()).add(target)
        arcs.append({})
        intents.append(next((nfa.ends[each] for each in sorted(states) if each in nfa.ends), ""))
        for label, reached in targets.items():
            closed = _closure(nfa, reached)
            if closed not in found:
                found[closed] = len(found)
                waiting.append(closed)
            arcs[-1][label] = found[closed]
    return arcs, intents


def _closure(nfa: _Nfa, states: set[int]) -> frozenset[int]:
    """With all that is reached for free."""
    waiting = [*states]
    closed = set(states)
    for state in waiting:
        free = {target for label, target in nfa.arcs[state] if label is None} - closed
        closed |= free
        waiting += free
    return frozenset(closed)


def _minimal(arcs: list[_Arcs], intents: list[str]) -> Automaton:
    """Make states with the same future one, the last ones first."""
    labels = sorted({label for each in arcs for label in each})
    index = {label: at for at, label in enumerate(labels)}
    known: dict[tuple[str, tuple[tuple[int, int], ...]], int] = {}
    merged: dict[int, int] = {}
    for state in _futures_first(arcs):
        leads = tuple(sorted((index[label], merged[to]) for label, to in arcs[state].items()))
        merged[state] = known.setdefault((intents[state], leads), len(known))
    last = len(known) - 1
    states = [
        State(intent, tuple((label, last - target) for label, target in leads))
        for intent, leads in known
    ]
    return Automaton(labels, states[::-1])


def _futures_first(arcs: list[_Arcs]) -> list[int]:
    """All states, each one after those it leads to; the start is last."""
    order: list[int] = []
    done: set[int] = set()
    stack = [(0, False)]
    while stack:
        state, expanded = stack.pop()
        if expanded:
            order.append(state)
        elif state not in done:
            done.add(state)
            stack.append((state, True))
            stack += [(target, False) for target in arcs[state].values() if target not in done]
    return order
