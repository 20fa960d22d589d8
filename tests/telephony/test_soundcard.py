"""The real PortAudio adapter, as far as a machine without sound can show it."""

import ctypes.util
import sys

import pytest

from telephony import LineError
from telephony.soundcard import PortAudio


def test_without_portaudio_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    if sys.platform != "linux":
        pytest.skip("sounddevice brings its own PortAudio here")
    with pytest.raises(LineError, match="sudo apt install libportaudio2"):
        PortAudio()


def test_a_device_that_is_not_there_is_named_with_the_way_to_see_them_all() -> None:
    try:
        card = PortAudio(microphone="a microphone of gold")
    except LineError:
        pytest.skip("PortAudio is not installed")
    with pytest.raises(LineError, match=r"'a microphone of gold'.*mic --list"):
        card.microphone(lambda block: None, lambda: None)
