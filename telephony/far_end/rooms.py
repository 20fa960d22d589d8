"""Where phones meet: two that are connected, or a conference. Each hears all others. No I/O."""

from collections import deque

import numpy as np
from anyio import Event

from telephony.far_end.phone import Phone
from voice.codec import decode_ulaw, encode_ulaw

LATE_PACKETS = 5  # of one phone, that wait for another's clock; older ones are dropped


class Seat:
    """One phone's place in a room: a `Party` of it."""

    def __init__(self, phone: Phone, others: "dict[str, Seat]", key: str) -> None:
        self.phone = phone
        self._seats = others
        self._key = key
        self._said: dict[str, deque[bytes]] = {}  # what others said and this one has not heard

    def hear(self, payload: bytes, key: str) -> None:
        """Pass on what this phone says, and let it hear the others."""
        for name, seat in self._seats.items():
            if name != self._key:
                seat.listen(self._key, payload)
        voices = [decode_ulaw(queue.popleft()) for queue in self._said.values() if queue]
        if voices:
            mixed = np.clip(np.sum(voices, axis=0, dtype=np.int32), -32768, 32767)
            self.phone.ear.play(encode_ulaw(mixed.astype(np.int16)))

    def listen(self, who: str, payload: bytes) -> None:
        """Take what another says."""
        self._said.setdefault(who, deque(maxlen=LATE_PACKETS)).append(payload)

    def reached(self, marks: tuple[str, ...]) -> None:
        """There are no marks between people."""


class Room:
    """A conference by its name, or two connected phones."""

    def __init__(self, name: str, sid: str) -> None:
        self.name = name
        self.sid = sid
        self.started = Event()
        self.ended = Event()
        self.seats: dict[str, Seat] = {}  # by call

    def join(self, call_sid: str, phone: Phone) -> None:
        """Sit down: the phone hears the others and they hear it."""
        self.seats[call_sid] = Seat(phone, self.seats, call_sid)
        phone.party = self.seats[call_sid]

    def leave(self, call_sid: str) -> None:
        """Go; the last one ends it."""
        seat = self.seats.pop(call_sid, None)
        if seat is not None:
            seat.phone.party = None
            seat.phone.ear.clear()
        if not self.seats:
            self.ended.set()
