"""What a caller notices of the sound at their ear: who speaks, since when, and how long not."""

from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.sound import is_audible
from voice.audio import Int16

ONSET_BLOCKS = 3  # audible in a row: shorter are clicks
PAUSE_SECONDS = 0.5  # shorter silences are within speech


class Hearing:
    """Feed it every 20 ms of the ear."""

    def __init__(self) -> None:
        self.now = 0.0
        self.replies = 0  # how often the other side began to speak
        self.spoken_seconds = 0.0  # since it began to speak the last time, pauses included
        self.quiet_seconds = 0.0  # since it was audible the last time, or since the call began
        self._audible_blocks = 0
        self._speaks = False

    @property
    def speaking(self) -> bool:
        """Whether the other side speaks, or makes a short pause."""
        return self._speaks

    def hear(self, samples: Int16) -> None:
        """Take the next 20 ms."""
        self.now += PACKET_SECONDS
        self._audible_blocks = self._audible_blocks + 1 if is_audible(samples) else 0
        self.quiet_seconds += PACKET_SECONDS
        if self._audible_blocks and (self._speaks or self._audible_blocks >= ONSET_BLOCKS):
            self.quiet_seconds = 0.0
        if self._speaks:
            self.spoken_seconds += PACKET_SECONDS
            self._speaks = self.quiet_seconds < PAUSE_SECONDS
        elif self._audible_blocks >= ONSET_BLOCKS:
            self._speaks = True
            self.replies += 1
            self.spoken_seconds = ONSET_BLOCKS * PACKET_SECONDS
