"""An endpoint streams its answer; each way in which it fails is one line, in time."""

from contextlib import aclosing, suppress

import pytest
from anyio import create_task_group, current_time, fail_after, sleep, to_thread

from dialogue import LlmError
from dialogue.llm.model import Llm, LlmLimits, LlmOptions, Message, load_llm
from tests.dialogue.llm_server import Endpoint, endpoint

pytestmark = pytest.mark.anyio

ASKED = [Message("system", "Be brief."), Message("user", "Do you ship abroad?")]
SAYS = "We ship to Canada and Mexico."
IMPATIENT = LlmLimits(first_token=0.2, whole=0.4)
IN_TIME = 3.0  # seconds, on a busy machine; what hangs would take ten times as long


def model(of: Endpoint, key: str = "", limits: LlmLimits | None = None) -> Llm:
    patient = LlmLimits(first_token=20.0, whole=20.0)
    return load_llm(LlmOptions("endpoint", "tiny", of.url, key, limits=limits or patient))


async def streamed(llm: Llm, heard: list[str] | None = None) -> list[str]:
    heard = [] if heard is None else heard
    async with aclosing(llm.stream(ASKED)) as pieces:
        async for piece in pieces:
            heard.append(piece)
    return heard


async def test_it_streams_token_by_token() -> None:
    with endpoint(SAYS) as server:
        assert await streamed(model(server, "secret")) == [
            *("We", " ship", " to", " Canada", " and", " Mexico."),
        ]
    assert server.asked[0]["path"] == "/v1/chat/completions"
    assert server.asked[0]["messages"][1] == {"role": "user", "content": "Do you ship abroad?"}
    assert server.asked[0]["stream"] is True
    assert server.keys == ["Bearer secret"]


async def test_without_a_key_none_is_sent() -> None:
    with endpoint() as server:
        await streamed(model(server))
    assert server.keys == [""]


FAULTS = {
    "silent": ("too slow: take a smaller model", 0),
    "hangs": ("too slow: take a smaller model", 3),
    "drops": ("broke off", 3),
    "http-500": ("HTTP 500: .*no, not now.*: look at its log", 0),
    "http-401": ("set OFFHOOK_LLM_API_KEY", 0),
    "http-404": ("the model 'tiny', and does its url end in /v1", 0),
    "html": ("correct the url", 0),
    "nonsense": ("sent nonsense: .*look at its log", 3),
    "wrong-shape": ("sent nonsense: no chat completion", 3),
    "error-event": ("sent nonsense: an error, .*out of memory", 3),
    "cut": ("broke its answer off: length: allow more tokens", 6),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_is_one_line_and_in_time(fault: str) -> None:
    line, before = FAULTS[fault]
    limits = IMPATIENT if "slow" in line else None
    heard: list[str] = []
    began = current_time()
    with endpoint(SAYS, fault) as server, pytest.raises(LlmError, match=line) as failed:
        await streamed(model(server, limits=limits), heard)
    assert "\n" not in str(failed.value)
    assert current_time() - began < IN_TIME
    assert len(heard) <= before
    assert len(heard) == before or "slow" in line


async def test_a_drip_ends_at_the_limit_of_the_whole() -> None:
    with endpoint(" ".join(["word"] * 100)) as server:
        server.token_seconds = 0.05
        with pytest.raises(LlmError, match="too slow"):
            await streamed(model(server, limits=IMPATIENT))


async def test_nobody_there() -> None:
    with endpoint() as server:
        pass
    with pytest.raises(LlmError, match=r"cannot be reached: .*: is it running"):
        await streamed(model(server))


async def test_a_replays_time_stands_still_while_we_wait() -> None:
    with endpoint(SAYS, "silent") as server:
        with fail_after(5):
            async with create_task_group() as tasks:
                tasks.start_soon(ignored, model(server, limits=IMPATIENT))
                while not server.asked:  # noqa: ASYNC110 - in another thread
                    await sleep(0.001)
                assert to_thread.current_default_thread_limiter().borrowed_tokens == 1
        assert to_thread.current_default_thread_limiter().borrowed_tokens == 0


async def ignored(llm: Llm) -> None:
    with suppress(LlmError):
        await streamed(llm)


async def test_who_stops_listening_hangs_up() -> None:
    with endpoint(" ".join(["word"] * 10_000)) as server:
        server.token_seconds = 0.001
        async with aclosing(model(server).stream(ASKED)) as pieces:
            await anext(pieces)
        assert server.left.wait(5)


@pytest.mark.parametrize("url", ["", "localhost:8080/v1", "ftp://example.com", "http://[::1"])
def test_an_url_that_is_none(url: str) -> None:
    with pytest.raises(LlmError, match="is no URL"):
        load_llm(LlmOptions("endpoint", "tiny", url))


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(LlmError, match="'endpiont': choose endpoint"):
        load_llm(LlmOptions("endpiont", "tiny"))


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(LlmOptions("endpoint", "tiny", "http://x/v1", "secret"))
