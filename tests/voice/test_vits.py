"""Any Coqui VITS architecture: small random voices, as Coqui itself builds, saves and runs them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from voice import EngineError
from voice.audio import Float32
from voice.coqui_imports import prepare_coqui
from voice.tts_coqui import CoquiVoice, load_vits
from voice.vits import Noise

pytestmark = pytest.mark.slow

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "as Coqui's default": {},
    "plain durations": {"use_sdp": False},
    "dilated flow": {"dilation_rate_flow": 2, "num_layers_flow": 3},
    "second kind of residual block": {
        "resblock_type_decoder": "2",
        "resblock_dilation_sizes_decoder": [[1, 2], [2, 6], [3, 12]],
    },
    "speakers": {"use_speaker_embedding": True},
    "speakers, plain durations": {"use_speaker_embedding": True, "use_sdp": False},
}
SMALL = {
    "hidden_channels": 16,
    "hidden_channels_ffn_text_encoder": 32,
    "num_layers_text_encoder": 1,
    "num_layers_posterior_encoder": 1,
    "upsample_initial_channel_decoder": 32,
    "init_discriminator": False,
    "speaker_embedding_channels": 8,
}


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let graphs be made anew, and not beside the user's."""
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path_factory.mktemp("cache")))


def coqui(folder: Path, architecture: dict[str, Any]) -> Any:
    """A random voice of Coqui's own class, saved as its trainer saves one."""
    import torch

    prepare_coqui()
    from TTS.tts.configs.shared_configs import CharactersConfig
    from TTS.tts.configs.vits_config import VitsArgs, VitsConfig
    from TTS.tts.models.vits import Vits

    torch.manual_seed(0)
    if "use_speaker_embedding" in architecture:
        (folder / "speakers.json").write_text(json.dumps({"ann": 0, "bob": 1, "cid": 2}))
        architecture = architecture | {"speakers_file": str(folder / "speakers.json")}
    config = VitsConfig(model_args=VitsArgs(**SMALL | architecture))
    config.characters = CharactersConfig(
        characters_class="TTS.tts.models.vits.VitsCharacters",
        pad="_",
        characters="abcdefghijklmnopqrstuvwxyz",
        punctuations=" .,!?",
        phonemes="",
    )
    model = Vits(config)
    for parameter in model.duration_predictor.parameters():
        torch.nn.init.normal_(parameter, 0, 0.1)
    config.save_json(str(folder / "config.json"))
    torch.save({"model": model.state_dict()}, folder / "best_model.pth")
    model.inference_noise_scale = model.inference_noise_scale_dp = 0.0
    return model.eval()


def sound(folder: Path, ids: list[int], speaker: str = "") -> Float32:
    vits = load_vits(folder, speaker=speaker)
    return np.concatenate([piece.samples for piece in vits.pieces(ids, 1, Noise(0, 0))])


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_sounds_as_coqui_runs_it(name: str, tmp_path: Path) -> None:
    import torch

    model = coqui(tmp_path, ARCHITECTURES[name])
    ids = list(range(1, 31)) * 4
    speaker = torch.tensor([2]) if "speakers" in name else None
    reference = model.inference(torch.tensor([ids]), {"speaker_ids": speaker})["model_outputs"]
    ours = sound(tmp_path, ids, speaker="2" if "speakers" in name else "")
    assert len(ours) > 100 * 256
    assert len(ours) == reference.shape[2]
    assert float(np.abs(ours - reference[0, 0].numpy()).max()) < 1e-5


def test_says_which_speakers_there_are(tmp_path: Path) -> None:
    coqui(tmp_path, ARCHITECTURES["speakers"])
    moved = tmp_path.rename(tmp_path.with_name(f"{tmp_path.name}-moved"))
    with pytest.raises(EngineError, match="the voice has 3 speakers, no number 7"):
        load_vits(moved, speaker="7")
    with pytest.raises(EngineError, match="has no speaker 'dora'; it has ann, bob, cid"):
        load_vits(moved, speaker="dora")
    ids = list(range(1, 20))
    assert np.array_equal(sound(moved, ids, "cid"), sound(moved, ids, "2"))
    assert not np.array_equal(sound(moved, ids, "cid")[:99], sound(moved, ids, "ann")[:99])
    (moved / "speakers.json").unlink()
    with pytest.raises(EngineError, match="give a number, not 'bob'"):
        load_vits(moved, speaker="bob")


def test_a_voice_that_reads_letters_needs_no_phonemes(tmp_path: Path) -> None:
    coqui(tmp_path, {})
    voice = CoquiVoice(load_vits(tmp_path))
    assert sum(len(piece.samples) for piece in voice.pieces("hello there")) > 0


def test_what_cannot_be_used_is_said(tmp_path: Path) -> None:
    coqui(tmp_path, {})
    path = tmp_path / "config.json"
    text = path.read_text().replace('"use_d_vector_file": false', '"use_d_vector_file": true')
    path.write_text(text)
    with pytest.raises(EngineError, match="a VITS voice with use_d_vector_file cannot be used"):
        load_vits(tmp_path)
