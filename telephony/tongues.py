"""What an assistant's other languages take, as far as their models are here."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from anyio import to_thread

from dialogue.assistant import Assistant
from dialogue.knowledge import load_knowledge
from dialogue.languages import Tongue
from models import ModelError
from models.registry import digest
from nlu import NluError
from nlu.engine import NluOptions, load_nlu
from nlu.files import read_trained
from nlu.tags import primary
from voice import VoiceError
from voice.ears import Understands

log = logging.getLogger(__name__)

Check = Callable[[Assistant], object]  # raises what is missing for a language


def check_understanding(variant: Assistant) -> None:
    """Raise what the understanding of a language lacks: ModelError or NluError."""
    digest(read_trained(variant.path).encoder)


def available(assistant: Assistant, *checks: Check) -> Assistant:
    """Return the assistant without the languages that lack something; what that is, is logged."""
    here = {}
    for language, variant in assistant.variants.items():
        try:
            for check in checks:
                check(variant)
        except (ModelError, NluError, VoiceError) as error:
            log.warning("%s is not spoken: %s", language, error)
        else:
            here[language] = variant
    return replace(assistant, variants=here)


def load_tongues(assistant: Assistant, options: NluOptions) -> Mapping[str, Tongue]:
    """Load what understands and knows in each other language; seconds."""
    return {
        language: Tongue(
            variant,
            load_nlu(variant.path, options),
            load_knowledge(variant.library, language=language),
        )
        for language, variant in assistant.variants.items()
    }


def request_certainty(own: Tongue, others: Mapping[str, Tongue]) -> Understands:
    """Return what tells the ears how sure it is what a caller's words ask for."""
    tongues = {primary(language): tongue for language, tongue in others.items()}
    tongues[primary(own.assistant.language)] = tongues[""] = own

    async def certainty(words: str, language: str) -> float | None:
        tongue = tongues.get(language)
        return await to_thread.run_sync(tongue.sure_of_request, words) if tongue else None

    return certainty
