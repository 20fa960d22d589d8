"""Hear and speak: audio, codecs, VAD, turn-taking, ASR, TTS. Knows no call and no intent.

Exceptions::

    VoiceError                 what a person can mend; its text is one line with the remedy
    ├── AudioFileError         a file that is not audio, is empty, truncated, too long or too wide
    └── EngineError            an ASR, VAD or TTS engine that cannot load or failed on this input
        └── UnknownEngine      a name or option that no engine has
"""


class VoiceError(Exception):
    """Base of what `voice` raises on purpose; the message is one line and names the remedy."""


class AudioFileError(VoiceError):
    """The file cannot be used as audio."""


class EngineError(VoiceError):
    """A speech engine cannot be loaded, or failed."""


class UnknownEngine(EngineError):
    """No engine has this name, or takes this option."""
