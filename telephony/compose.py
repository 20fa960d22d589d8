"""From settings to the parts of the chain, loaded side by side so that the start is short."""

import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from dialogue.assistant import Assistant, default_assistant, fixed_sentences, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.extras import Extras
from dialogue.identity import LanguageModel, Voice
from dialogue.knowledge import Knowledge, load_knowledge
from dialogue.languages import Tongue
from dialogue.llm.grounding import Speaker
from dialogue.llm.guard import SupportGuard
from dialogue.llm.model import LlmOptions, load_llm
from dialogue.recommendation.recommend import Recommender
from dialogue.recommendation.suggestions import Suggestions
from dialogue.store import open_store
from dialogue.variants import is_variant
from models import ModelMissing
from models.registry import cache_root, digest, manifest
from nlu.engine import NluOptions, load_nlu
from nlu.files import read_trained
from nlu.sentences import load_encoder
from nlu.tags import primary
from nlu.understand import Nlu
from telephony.parts import Parts
from telephony.settings import Settings
from telephony.tongues import available, check_understanding, load_tongues, request_certainty
from voice import EngineError
from voice.asr import Asr, AsrOptions, load_asr, model_name
from voice.end_of_turn import SoundsFinished, load_smart_turn
from voice.phrases import PhraseCache
from voice.prosody import measure
from voice.tts import ENGINES as TTS_ENGINES
from voice.tts import Tts, TtsOptions, load_tts, voice_id
from voice.turns import TurnOptions
from voice.vad import SPEECH_PROBABILITY, Vad, load_vad

REPLAY_TIME = datetime(2026, 3, 3, 10, 30)

T = TypeVar("T")


class Agents(Protocol):
    """Makes an agent for each call; `call` is its name in the history, a new one if empty."""

    def __call__(self, call: str = "") -> FlowAgent:
        """Make one."""
        ...


@dataclass(frozen=True, slots=True)
class World:
    """What a call meets outside itself; as it stands, the same on every day, for replays."""

    now: Callable[[], datetime] = lambda: REPLAY_TIME  # without a zone: the business's own clock
    database: Path | str | None = None  # a file, a URL; None is a new one for each call, in memory


REPLAY = World()


@dataclass(frozen=True, slots=True)
class Minds:
    """The assistant with what understands and knows for it, in its own language and in others."""

    assistant: Assistant
    nlu: Nlu
    knowledge: Knowledge
    others: Mapping[str, Tongue]

    @property
    def tongue(self) -> Tongue:
        """What its own language takes."""
        return Tongue(self.assistant, self.nlu, self.knowledge)


def live(settings: Settings) -> World:
    """Return the world of calls that are no replays."""
    url = settings.database_url.get_secret_value()
    return World(lambda: datetime.now().astimezone(), url or settings.database)


def load_parts(
    settings: Settings, world: World = REPLAY, tell: Callable[[str], object] = lambda stage: None
) -> Parts:
    """Load everything that calls need; takes seconds. Not from within an event loop.

    `tell` hears what goes on. Raises in one line what is wrong with the assistant's folder, a model
    or an engine.
    """
    tell("reading the assistant")
    assistant = load_assistant(settings.assistant or default_assistant())
    models = _digests(model_names(settings, assistant))
    assistant = available(assistant, check_understanding, partial(_heard_and_said, settings))
    for one in (assistant, *assistant.variants.values()):
        models |= _digests([read_trained(one.path).encoder])
        models[f"{model_label(one)}-nlu"] = read_trained(one.path).weights_digest
    tell("loading the models")
    engines = anyio.run(_load, settings, assistant, world, backend="trio")
    cache = cache_root() / "phrases"
    voice = tts_options(settings, assistant.voice)
    tts = PhraseCache(engines.tts, voice_id(voice), cache)
    tell("speaking the assistant's fixed sentences (only the first time takes long)")
    anyio.run(tts.warm, fixed_sentences(assistant), backend="trio")
    voices = {}
    for language, variant in assistant.variants.items():
        other = variant_voice(settings, variant)
        voices[language] = PhraseCache(load_tts(other), voice_id(other), cache)
        anyio.run(voices[language].warm, fixed_sentences(variant), backend="trio")
    return Parts(
        vad=engines.vad,
        asr=engines.asr,
        tts=tts,
        voices=voices,
        agent=_agents(engines.minds, engines.extras, world),
        assistant=assistant.name,
        models=models,
        turns=turn_options(settings),
        sounds_finished=engines.sounds_finished,
        understands=request_certainty(engines.minds.tongue, engines.minds.others),
        measure=measure if settings.prosody else None,
        speaker=engines.extras.speaker,
    )


def load_agents(
    settings: Settings, world: World = REPLAY, tell: Callable[[str], object] = lambda stage: None
) -> Agents:
    """Load what answers text alone, the same as in a call; returns what makes an agent."""
    minds = load_minds(settings, world, tell)
    return _agents(minds, _load_extras(settings, minds.assistant), world)


def load_minds(
    settings: Settings, world: World = REPLAY, tell: Callable[[str], object] = lambda stage: None
) -> Minds:
    """Load the assistant, and what understands and knows for it; without any extras.

    `tell` hears what goes on. Raises in one line what is wrong with the folder or a model.
    """
    tell("reading the assistant")
    assistant = load_assistant(settings.assistant or default_assistant())
    assistant = available(assistant, check_understanding)
    tell("loading the models")
    options = _understanding(settings, assistant, world)
    return _load_understanding(assistant, options, settings.graph_endpoint)


def turn_options(settings: Settings) -> TurnOptions:
    """Return how turns are told, with the VAD's own threshold."""
    return TurnOptions(
        speech_probability=SPEECH_PROBABILITY[settings.vad],
        eagerness=settings.eagerness,
    )


def model_names(settings: Settings, assistant: Assistant) -> list[str]:
    """Return which models of the registry these settings take for this assistant."""
    tts = tts_options(settings, assistant.voice)
    llm = llm_options(settings, assistant.llm)
    names = [
        model_name(asr_options(settings)),
        read_trained(assistant.path).encoder,
        tts.model or TTS_ENGINES[tts.engine].default_model,
        "smart-turn" if settings.smart_turn else "",
        "silero-vad" if settings.vad.startswith("silero") else "",
        llm.model if llm and llm.engine == "transformers" else "",
    ]
    return [name for name in names if name in manifest().names()]


def asr_options(settings: Settings, language: str = "en", others: Sequence[str] = ()) -> AsrOptions:
    """Translate settings into the ASR's options; languages are BCP 47 tags.

    With `others`, which of all was spoken is told.
    """
    spoken = (language, *others) if others else ()
    return AsrOptions(
        engine=settings.asr_engine,
        model=settings.asr_model,
        language=primary(language),
        languages=tuple(dict.fromkeys(map(primary, spoken))),
        device=settings.device,
    )


def tts_options(settings: Settings, voice: Voice) -> TtsOptions:
    """Translate settings into the voice's options; what they leave open the assistant says."""
    engine = settings.tts_engine or voice.engine
    own = voice.model if engine == voice.engine else ""
    return TtsOptions(
        engine=engine,
        model=settings.tts_voice or own,
        speaker=settings.tts_speaker,
        speed=settings.tts_speed,
        device=settings.device,
    )


def variant_voice(settings: Settings, variant: Assistant) -> TtsOptions:
    """Return the voice of another language: its own, whatever the settings say of the first."""
    voice = variant.voice
    return TtsOptions(voice.engine, voice.model, speed=settings.tts_speed, device=settings.device)


def model_label(assistant: Assistant) -> str:
    """Name an assistant's understanding in records: retail, retail-zh."""
    folder = assistant.path
    return f"{folder.parent.name}-{folder.name}" if is_variant(folder) else folder.name


def _heard_and_said(settings: Settings, variant: Assistant) -> None:
    """Raise what hearing or speaking a language lacks."""
    if settings.asr_model.endswith(".en"):
        raise EngineError(f"Whisper {settings.asr_model} knows English alone: choose base")
    voice_id(variant_voice(settings, variant))


def _digests(names: list[str]) -> dict[str, str]:
    """The SHA-256 of each; raises with all that are missing in one line."""
    digests: dict[str, str] = {}
    missing: list[str] = []
    for name in names:
        try:
            digests[name] = digest(name)
        except ModelMissing:
            missing.append(name)
    if missing:
        them = " ".join(missing)
        raise ModelMissing(f"not in {cache_root()}: {them}: run `offhook models pull {them}`")
    return digests


def llm_options(settings: Settings, own: LanguageModel) -> LlmOptions | None:
    """Translate settings into the language model's options; None where nobody names one."""
    model = settings.llm_model or own.model
    if not model:
        return None
    engine = "endpoint" if settings.llm_url else own.engine
    return LlmOptions(
        engine=engine,
        model=model,
        url=settings.llm_url or own.url,
        key=settings.llm_api_key.get_secret_value(),
        device=settings.device,
    )


@dataclass(frozen=True, slots=True)
class _Engines:
    vad: Callable[[], Vad]
    asr: Asr
    tts: Tts
    sounds_finished: SoundsFinished | None
    minds: Minds
    extras: Extras


async def _load(settings: Settings, assistant: Assistant, world: World) -> _Engines:
    """Load the engines side by side."""
    understanding = _understanding(settings, assistant, world)
    try:
        async with anyio.create_task_group() as tasks:
            vad = _Loading(tasks, partial(load_vad, settings.vad))
            asr = _Loading(
                tasks,
                partial(
                    load_asr,
                    asr_options(settings, assistant.language, assistant.languages[1:]),
                ),
            )
            tts = _Loading(tasks, partial(load_tts, tts_options(settings, assistant.voice)))
            finished = _Loading(tasks, partial(_load_smart_turn, settings))
            text = _Loading(tasks, partial(_load_text, settings, assistant, understanding))
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return _Engines(vad.done, asr.done, tts.done, finished.done, *text.done)


def _load_smart_turn(settings: Settings) -> SoundsFinished | None:
    return load_smart_turn() if settings.smart_turn else None


def _understanding(settings: Settings, assistant: Assistant, world: World) -> NluOptions:
    return NluOptions(
        today=lambda: assistant.hours.local(world.now()).date(), device=settings.device
    )


def _load_understanding(assistant: Assistant, options: NluOptions, endpoint: str) -> Minds:
    """Load one after the other: making their graphs, the first time, is not for two threads."""
    nlu = load_nlu(assistant.path, options)
    knowledge = load_knowledge(assistant.library, endpoint, assistant.language)
    return Minds(assistant, nlu, knowledge, load_tongues(assistant, options))


def _load_text(
    settings: Settings, assistant: Assistant, options: NluOptions
) -> tuple[Minds, Extras]:
    """Load all that is about words; one after the other, too."""
    understood = _load_understanding(assistant, options, settings.graph_endpoint)
    return understood, _load_extras(settings, assistant)


def _load_extras(settings: Settings, assistant: Assistant) -> Extras:
    return Extras(_load_speaker(settings, assistant), _load_suggestions(assistant))


def _load_speaker(settings: Settings, assistant: Assistant) -> Speaker | None:
    """Load the language model, if there is one, and its guard."""
    own = assistant.llm
    options = llm_options(settings, own)
    if options is None:
        return None
    guard = SupportGuard(load_encoder())
    return Speaker(
        load_llm(options),
        guard,
        own.limit_seconds,
        answers=own.answers,
        summaries=own.summaries,
        small_talk=own.small_talk,
    )


def _load_suggestions(assistant: Assistant) -> Suggestions | None:
    """Learn from the purchases, if the assistant brings products along."""
    shelf = assistant.recommend
    if shelf is None:
        return None
    recommender = Recommender(shelf.products, shelf.purchases, load_encoder())
    return Suggestions(recommender, shelf.stock)


class _Loading(Generic[T]):
    """Something that a worker thread loads; `done` once the task group is over."""

    done: T

    def __init__(self, tasks: TaskGroup, load: Callable[[], T]) -> None:
        tasks.start_soon(self._run, load)

    async def _run(self, load: Callable[[], T]) -> None:
        self.done = await to_thread.run_sync(load)


def _agents(minds: Minds, extras: Extras, world: World) -> Agents:
    """Return what makes an agent for each call; of a database in memory each gets its own."""
    assistant = minds.assistant

    def agent(call: str = "") -> FlowAgent:
        today = assistant.hours.local(world.now()).date()
        store = shared or open_store(None, assistant.seeds, today)
        name = call or uuid.uuid4().hex
        made = FlowAgent(
            assistant,
            minds.nlu,
            store,
            world.now,
            knowledge=minds.knowledge,
            extras=extras,
            others=minds.others,
            call=name,
        )
        if shared is None:
            weakref.finalize(made, store.close)
        return made

    shared = None
    if world.database is not None:
        today = assistant.hours.local(world.now()).date()
        shared = open_store(world.database, assistant.seeds, today)
    return agent
