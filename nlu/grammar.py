"""Commands of a known shape: sentence patterns over slots, read out of text that was misheard.

A pattern is written as speech assistants write it::

    [can I get, I want] [a, an] ($size:size) $drink:drink (with $milk:milk)

Words stand for themselves, `[x, y z]` is one of them, `(x)` may be left out, and `$values:slot` is
one of the values named `values` and fills `slot`. All patterns together make one acyclic automaton.
`Grammar.read` finds its paths that differ least, in sounds, from any of the ASR's hypotheses: a
noisy channel. A path keeps the hypothesis' own cost, so that a likely one counts more. `rescored`
lets the ASR judge the readings that come out.

The search is the tree-trellis of Soong and Huang (1991): a backward pass gives every state its
exact remaining cost, and a best-first search with it meets the readings in their order.
"""

import heapq
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

import numpy as np

from nlu.automaton import Automaton, Label, compile_patterns
from nlu.phonetics import Costs, distances, sounds, words

Choices = Sequence[str] | Mapping[str, Sequence[str]]  # values, or values with their aliases

LONGEST_SPAN = 3  # heard words that may be one word of the grammar: "cap a chino"
MOST_STEPS = 50_000  # of the search: far more than it takes, but bounded
LEAST_CONFIDENCE = 1e-6


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand what was heard; `text` is what should have been said for it.

    `cost` is in sounds that differ, plus the doubt about the hypothesis it was read from. `fit` is
    the share of the text's sounds that the cost leaves, 0 to 1; `share` the part of the probability
    that its meaning has among the readings that were rescored.
    """

    intent: str
    slots: dict[str, str]
    text: str
    cost: float
    fit: float = 1.0
    share: float = 1.0

    @property
    def meaning(self) -> tuple[str, dict[str, str]]:
        """Intent and slots; several readings may share it where values have aliases."""
        return self.intent, self.slots

    def written(self, heard: str) -> str:
        """Return the text as the ASR writes sentences, with the end of what it heard."""
        end = heard.rstrip()[-1:]
        text = re.sub(r"\bi\b", "I", self.text)
        return text[:1].upper() + text[1:] + (end if end in {"?", "!"} else ".")


@dataclass(frozen=True, slots=True)
class GrammarOptions:
    """What differences cost; a sound that differs costs 1."""

    insertion: float = 0.7  # a sound that was heard and belongs to nothing
    deletion: float = 1.0  # a sound of the grammar that was not heard
    doubt: float = 1.0  # a hypothesis e times less likely than the first


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """When a reading is acted on; costs are in sounds."""

    least_fit: float = 0.5  # of a first reading: below it nobody gave a command
    clear_cost: float = 1.0  # a first reading that fits this well
    clear_margin: float = 1.5  # … and this much better than the second needs no rescoring
    cost_weight: float = 0.5  # of a sound that differs, against a nat of the ASR's log probability


class Grammar:
    """Patterns by intent, and the values of their slots by name; a value may have aliases.

    Raises PatternError for a pattern that is not well-formed.
    """

    def __init__(
        self,
        patterns: Mapping[str, Sequence[str]],
        values: Mapping[str, Choices],
        options: GrammarOptions | None = None,
    ) -> None:
        self._options = options or GrammarOptions()
        self._values = {name: canonical(choices) for name, choices in values.items()}
        phrases = {name: list(by_phrase) for name, by_phrase in self._values.items()}
        self._automaton: Automaton = compile_patterns(patterns, phrases)
        self.vocabulary = sorted({label.word for label in self._automaton.labels})
        index = {word: at for at, word in enumerate(self.vocabulary)}
        self._word_of = np.array([index[label.word] for label in self._automaton.labels])
        self._sounds = [sounds(word) for word in self.vocabulary]

    @property
    def hints(self) -> tuple[str, ...]:
        """Slot values that together hold every word of all of them: what to prompt an ASR with."""
        met: set[str] = set()
        found = []
        for phrase in (phrase for by_phrase in self._values.values() for phrase in by_phrase):
            if new := set(phrase.split()) - met:
                met |= new
                found.append(phrase)
        return tuple(found)

    def read(self, hypotheses: Mapping[str, float], most: int = 1) -> list[Reading]:
        """The best readings, best first; they differ in intent or in the words of the slots.

        `hypotheses` are what may have been said, with the ASR's confidence: the geometric mean of
        the probabilities of its tokens, 0 to 1.
        """
        heard = [words(text) for text in hypotheses]
        if not any(heard):
            return []
        logprobs = [
            (len(said) + 1) * math.log(max(confidence, LEAST_CONFIDENCE))
            for said, confidence in zip(heard, hypotheses.values(), strict=True)
        ]
        doubts = [self._options.doubt * (max(logprobs) - logprob) for logprob in logprobs]
        trellis = _Trellis(self, heard)
        readings: list[Reading] = []
        for cost, intent, labels in trellis.paths(doubts):
            readings.append(self._reading(intent, labels, cost))
            if len(readings) == most:
                break
        return readings

    def _reading(self, intent: str, labels: Sequence[Label], cost: float) -> Reading:
        said: dict[tuple[str, str], list[str]] = {}
        for label in labels:
            if label.slot:
                said.setdefault((label.slot, label.values), []).append(label.word)
        slots = {
            slot: self._values[values][" ".join(spoken)] for (slot, values), spoken in said.items()
        }
        sound = sum(len(sounds(label.word)) for label in labels)
        fit = max(0.0, 1 - cost / max(sound, 1))
        text = " ".join(label.word for label in labels)
        return Reading(intent, slots, text, float(cost), float(fit))


class _Trellis:
    """The automaton against several hypotheses; costs are indexed (…, hypothesis, position)."""

    def __init__(self, grammar: Grammar, heard: Sequence[Sequence[str]]) -> None:
        self._options = grammar._options
        self._automaton = grammar._automaton
        self._length = max(len(said) for said in heard)
        padded = [[*map(sounds, said)] + [""] * (self._length - len(said)) for said in heard]
        lengths = np.array([[len(sound) for sound in said] for said in padded], dtype=np.float64)
        self._inserted = np.pad(np.cumsum(lengths, axis=1), ((0, 0), (1, 0)))
        self._inserted *= self._options.insertion
        known = grammar._sounds
        self._deletion = (
            np.array([len(sound) for sound in known])[grammar._word_of] * self._options.deletion
        )
        self._substitution = [
            _spans(padded, span, known)[grammar._word_of] for span in range(1, LONGEST_SPAN + 1)
        ]
        self._to_go = self._backward()

    def _backward(self) -> list[Costs]:
        """The least cost from each state and (hypothesis, position) to an end."""
        inserted = self._inserted
        to_go: list[Costs] = [inserted] * len(self._automaton.states)
        for at in range(len(self._automaton.states) - 1, -1, -1):
            state = self._automaton.states[at]
            best = np.full(inserted.shape, 0.0 if state.intent else math.inf)
            if state.intent:
                best[:, :-1] = math.inf
            if state.arcs:
                labels = [label for label, _ in state.arcs]
                after = np.stack([to_go[target] for _, target in state.arcs])
                taken = after + self._deletion[labels][:, None, None]
                for span, costs in enumerate(self._substitution, start=1):
                    if costs.shape[2]:
                        matched = costs[labels] + after[:, :, span:]
                        taken[:, :, :-span] = np.minimum(taken[:, :, :-span], matched)
                best = np.minimum(best, taken.min(axis=0))
            ahead = np.minimum.accumulate((best + inserted)[:, ::-1], axis=1)[:, ::-1]
            to_go[at] = ahead - inserted
        return to_go

    def paths(self, doubts: Sequence[float]) -> Iterator[tuple[float, str, list[Label]]]:
        """Paths that differ in intent or in the words of slots, the cheapest first."""
        labels, states = self._automaton.labels, self._automaton.states
        # cost with what remains, cost so far, hypothesis, state, position, way back
        queue: list[tuple[float, float, int, int, int, tuple[int, ...]]] = []
        for index, doubt in enumerate(doubts):
            queue.append((doubt + self._to_go[0][index, 0], doubt, index, 0, 0, ()))
        heapq.heapify(queue)
        seen: set[tuple[int, int, int, tuple[int, ...]]] = set()
        yielded: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        for _ in range(MOST_STEPS):
            if not queue:
                return
            _, cost, index, at, position, path = heapq.heappop(queue)
            filled = tuple(each for each in path if labels[each].slot)
            if (key := (index, at, position, filled)) in seen:
                continue
            seen.add(key)
            intent = states[at].intent
            if intent and position == self._length:
                meaning = _by_slot([labels[each] for each in filled])
                if (intent, meaning) not in yielded:
                    yielded.add((intent, meaning))
                    yield cost, intent, [labels[each] for each in path]
            for price, target, end, label in self._steps(index, at, position):
                way = (*path, label) if label >= 0 else path
                total = cost + price
                estimate = total + self._to_go[target][index, end]
                if estimate < math.inf:
                    heapq.heappush(queue, (estimate, total, index, target, end, way))

    def _steps(self, index: int, at: int, position: int) -> Iterator[tuple[float, int, int, int]]:
        """What may come next: its price, the state and position it leads to, the label or -1."""
        if position < self._length:
            skipped = self._inserted[index, position + 1] - self._inserted[index, position]
            yield skipped, at, position + 1, -1
        for label, target in self._automaton.states[at].arcs:
            yield self._deletion[label], target, position, label
            for span in range(1, min(LONGEST_SPAN, self._length - position) + 1):
                price = self._substitution[span - 1][label, index, position]
                yield price, target, position + span, label


def canonical(choices: Choices) -> dict[str, str]:
    """By every way to say it, in normal words, the value that is meant."""
    named = choices if isinstance(choices, Mapping) else dict.fromkeys(choices, ())
    return {
        " ".join(words(phrase)): value
        for value, aliases in named.items()
        for phrase in (value, *aliases)
    }


def is_command(readings: Sequence[Reading], options: JudgeOptions | None = None) -> bool:
    """Whether any command was heard, rather than other speech that the nearest one does not fit."""
    options = options or JudgeOptions()
    return bool(readings) and readings[0].fit >= options.least_fit


def is_clear(readings: Sequence[Reading], options: JudgeOptions | None = None) -> bool:
    """Whether the first reading needs no second opinion: a good fit, and no other is near."""
    options = options or JudgeOptions()
    first = readings[0]
    rivals = [each.cost for each in readings if each.meaning != first.meaning]
    ahead = min(rivals, default=math.inf) - first.cost
    return first.cost <= options.clear_cost and ahead >= options.clear_margin


def rescored(
    readings: Sequence[Reading], logprobs: Sequence[float], options: JudgeOptions | None = None
) -> list[Reading]:
    """Order readings by how likely the ASR finds each sentence, their costs counted as well."""
    options = options or JudgeOptions()
    scores = [
        logprob - options.cost_weight * reading.cost
        for reading, logprob in zip(readings, logprobs, strict=True)
    ]
    likely = [math.exp(score - max(scores)) for score in scores]
    shares = [
        sum(
            part
            for part, other in zip(likely, readings, strict=True)
            if other.meaning == each.meaning
        )
        / sum(likely)
        for each in readings
    ]
    order = sorted(range(len(readings)), key=scores.__getitem__, reverse=True)
    return [replace(readings[index], share=shares[index]) for index in order]


def _by_slot(filled: Sequence[Label]) -> tuple[tuple[str, str], ...]:
    """The words of each slot in their order, whatever order the slots were said in."""
    return tuple(sorted(((label.slot, label.word) for label in filled), key=itemgetter(0)))


def _spans(padded: Sequence[Sequence[str]], span: int, known: Sequence[str]) -> Costs:
    """The distance of each known word to so many heard words in a row: (known, hypothesis, at)."""
    runs = [
        ["".join(said[at : at + span]) for at in range(len(said) - span + 1)] for said in padded
    ]
    flat = [run for each in runs for run in each]
    if not flat:
        return np.zeros((len(known), len(padded), 0))
    return distances(known, flat).reshape(len(known), len(padded), -1)
