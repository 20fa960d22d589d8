"""One call as Twilio conducts it: TwiML in, verb by verb, and webhooks out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from anyio import CancelScope, create_task_group, move_on_after, sleep

from telephony.far_end import Unreachable
from telephony.far_end.caller import WORD_SECONDS
from telephony.far_end.dialing import dial, enqueue
from telephony.far_end.exchange import API_VERSION, Exchange, Source, Who, new_sid
from telephony.far_end.media import MediaStream, StreamLog
from telephony.far_end.phone import Phone
from telephony.far_end.protocol import HANDSHAKE, SAMPLE_RATE_HZ, Identity, Violation
from telephony.far_end.sound import is_audible
from telephony.far_end.twiml import (
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    Stream,
    TwimlError,
    Unknown,
    Verb,
    parse,
)
from telephony.far_end.web import Refused
from voice.codec import encode_ulaw

HTTP_RETRIEVAL = 11200
POLL_SECONDS = 0.02  # how often keys and silence are looked for
AFTER_SECONDS = 5.0  # webhooks of a call that is over get so long
DOCUMENTS = 100  # of one call: more is a loop of redirects


@dataclass(frozen=True, slots=True)
class Step:
    """A verb that was carried out, at this second of the call, and what the caller got."""

    at: float
    verb: str
    what: str


class LiveCall:
    """A call in progress, and afterwards all that is known of it."""

    def __init__(self, who: Who, phone: Phone, exchange: Exchange) -> None:
        self.who = who
        self.phone = phone
        self.exchange = exchange
        self.status = "ringing"
        self.steps: list[Step] = []
        self.streams: list[StreamLog] = []
        self.violations: list[Violation] = []  # those outside of streams
        self.recordings: dict[str, str] = {}  # of the call, by sid: their status
        self._current = CancelScope()
        self._replacement: Source | None = None
        exchange.calls[who.sid] = self

    async def run(self, first: Source) -> None:
        """Conduct the call until one side hangs up or the documents are over."""
        async with create_task_group() as tasks:
            tasks.start_soon(self.phone.run)
            await self.conduct(first)
            self.phone.hang_up()
        if self.status in {"ringing", "in-progress"}:
            self.status = "completed"

    async def conduct(self, source: Source | None) -> None:
        """Carry out documents until they are over or the phone is hung up."""
        for _ in range(DOCUMENTS):
            if source is None or self.phone.hung_up.is_set():
                return
            following: Source | None = None
            self._replacement = None
            async with create_task_group() as tasks:
                self._current = tasks.cancel_scope
                tasks.start_soon(self._stop_when_hung_up, tasks.cancel_scope)
                following = await self._document(source)
                tasks.cancel_scope.cancel()
            source = self._replacement or following
        self.violate(HTTP_RETRIEVAL, f"more than {DOCUMENTS} documents in one call")

    def redirect(self, source: Source) -> None:
        """Stop what the call does and go on with another document, as the REST API can."""
        self.step("REST", "the call goes on with another document")
        self._replacement = source
        self._current.cancel()

    def step(self, verb: str, what: str) -> None:
        """Note what happens."""
        self.steps.append(Step(round(self.phone.tape.seconds, 2), verb, what))
        whose = "" if self.who.direction == "inbound" else f"{self.who.called}  "
        self.exchange.tell(f"{whose}{verb}: {what}")

    def violate(self, error: int, what: str) -> None:
        """Note what Twilio would report as an error."""
        self.violations.append(Violation(error, what))
        self.exchange.tell(f"error {error}: {what}")

    def form(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return what every webhook of this call tells, and more."""
        return {
            "AccountSid": self.exchange.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.who.sid,
            "CallStatus": self.status,
            "Called": self.who.called,
            "Caller": self.who.caller,
            "Direction": self.who.direction,
            "From": self.who.caller,
            "To": self.who.called,
            **(more or {}),
        }

    async def notify(self, url: str, more: Mapping[str, str]) -> None:
        """Post to a status callback, if there is one; its answer does not matter to the call."""
        if not url:
            return
        with move_on_after(AFTER_SECONDS, shield=True):
            try:
                answer = await self.exchange.post(url, self.form(more))
            except Unreachable as error:
                self.violate(HTTP_RETRIEVAL, str(error))
                return
            if answer.status >= 400:
                self.violate(HTTP_RETRIEVAL, f"{url} answered HTTP {answer.status}")

    async def say(self, text: str) -> None:
        """Let the caller hear Twilio's own voice."""
        speak = self.exchange.speak
        if speak is None:
            await sleep(len(text.split()) * WORD_SECONDS)
            return
        sound = await speak(text)
        try:
            self.phone.ear.play(encode_ulaw(sound))
            await sleep(len(sound) / SAMPLE_RATE_HZ)
        finally:
            self.phone.ear.clear()

    async def _stop_when_hung_up(self, scope: CancelScope) -> None:
        await self.phone.hung_up.wait()
        scope.cancel()

    async def _document(self, source: Source) -> Source | None:
        """Carry out one document; returns the next one if it names one."""
        document = source.document
        if document is None:
            document = await self._fetch(source)
        try:
            verbs = parse(document) if document is not None else ()
        except TwimlError as error:
            self.violate(int(str(error)[:5]), str(error)[7:])
            await self.say("An application error has occurred. Goodbye.")
            return None
        if self.status == "ringing" and verbs:
            self.status = "in-progress"
        for verb in verbs:
            following = await self._verb(verb, source.url)
            if following is not None or self.phone.hung_up.is_set():
                return following
        return None

    async def _fetch(self, source: Source) -> str | None:
        try:
            answer = await self.exchange.post(source.url, self.form(source.form))
        except Unreachable as error:
            self.violate(HTTP_RETRIEVAL, str(error))
            return None
        if answer.status >= 400:
            self.violate(HTTP_RETRIEVAL, f"{source.url} answered HTTP {answer.status}")
            return None
        return answer.text

    async def _verb(self, verb: Verb, base: str) -> Source | None:
        following: Source | None = None
        match verb:
            case Say(text=text):
                self.step("Say", text)
                await self.say(text)
            case Pause(seconds=seconds):
                self.step("Pause", f"{seconds:g} s")
                await sleep(seconds)
            case Play(url=url, digits=digits):
                self.step("Play", f"{url or digits} (not emulated: silence)")
            case Gather():
                following = await self._gather(verb, base)
            case Record():
                following = await self._record(verb, base)
            case Stream():
                following = await self._stream(verb, base)
            case Dial():
                following = self.after(verb.action, base, await dial(self, verb))
            case Enqueue():
                following = self.after(verb.action, base, await enqueue(self, verb))
            case Redirect(url=url):
                self.step("Redirect", url)
                following = self.after(url or base, base, {})
            case Hangup() | Reject():
                self.status = "busy" if isinstance(verb, Reject) else self.status
                self.step(type(verb).__name__, "the call ends")
                self.phone.hang_up()
                await sleep(1)  # until the end is noticed, which cancels this
            case Unknown(name=name):
                self.step(name, "not emulated: skipped")
        return following

    def after(self, action: str, base: str, form: Mapping[str, str]) -> Source | None:
        """Return the document that a verb's `action` asks for, if it has one."""
        return Source(self.exchange.site.url(action, base), form) if action else None

    async def _stream(self, verb: Stream, base: str) -> Source | None:
        self.step("Connect", f"Stream {verb.url}")
        wanted = urlsplit(verb.url)
        if wanted.query:
            self.violate(HANDSHAKE, f"{verb.url}: a stream's URL cannot have a query string")
            return None
        site, conditions = self.exchange.site, self.exchange.conditions
        if wanted.scheme != "wss" and not site.public.startswith("http:"):
            self.violate(HANDSHAKE, f"{verb.url}: a stream's URL begins with wss://")
            return None
        identity = Identity(self.exchange.account_sid, self.who.sid, new_sid("MZ"))
        status = {"StreamSid": identity.stream_sid, "StreamName": verb.name}
        callback = site.url(verb.status_callback, base) if verb.status_callback else ""
        try:
            signed = site.signed(verb.url, {})
            async with self.exchange.web.open(site.reach(verb.url), signed) as wire:
                stream = MediaStream(self.phone, wire, identity, conditions.impairments)
                self.streams.append(stream.log)
                await self.notify(callback, {**status, "StreamEvent": "stream-started"})
                try:
                    log = await stream.run(verb.parameters, conditions.drop_after)
                finally:
                    await self.notify(callback, {**status, "StreamEvent": "stream-stopped"})
        except (Refused, Unreachable) as error:
            self.violate(HANDSHAKE, str(error))
            errors = {"StreamEvent": "stream-error", "StreamError": str(error)}
            await self.notify(callback, {**status, **errors})
            return None
        self.step("Stream", f"ended by the {log.ended_by} after {log.ended - log.began:.1f} s")
        if log.ended_by == "drop":
            self.phone.hang_up()
        return self.after(verb.action, base, {})

    async def _gather(self, verb: Gather, base: str) -> Source | None:
        pressed = len(self.phone.tape.keys)
        self.step("Gather", f"up to {verb.digits or 'any number of'} keys")
        keys = ""
        for inner in verb.inner:
            with CancelScope() as speaking:
                async with create_task_group() as tasks:
                    tasks.start_soon(self._stop_at_a_key, speaking)
                    await self._verb(inner, base)
                    tasks.cancel_scope.cancel()
        waited = 0.0
        while waited < verb.timeout:
            found = "".join(key for _, key in self.phone.tape.keys[pressed:])
            waited = 0.0 if found != keys else waited + POLL_SECONDS
            keys = found
            if (verb.finish_on and verb.finish_on in keys) or 0 < verb.digits <= len(keys):
                break
            await sleep(POLL_SECONDS)
        digits = keys.partition(verb.finish_on)[0] if verb.finish_on else keys
        self.step("Gather", f"the caller pressed {digits or 'nothing'}")
        if not keys and not verb.empty_too:
            return None
        return self.after(verb.action or base, base, {"Digits": digits, "msg": "Gather End"})

    async def _stop_at_a_key(self, speaking: CancelScope) -> None:
        await self.phone.keyed.wait()
        speaking.cancel()

    async def _record(self, verb: Record, base: str) -> Source | None:
        """Record until silence, a key or the caller's end; then tell where the recording is."""
        tape = self.phone.tape
        began, keys, quiet = len(tape.mouth), len(tape.keys), 0.0
        self.step("Record", "the caller is recorded")
        sid = new_sid("RE")
        url = f"{self.exchange.site.public}/{API_VERSION}/Accounts/{self.exchange.account_sid}"
        try:
            while quiet < verb.timeout and (len(tape.mouth) - began) * 0.02 < verb.max_seconds:
                await sleep(POLL_SECONDS)
                loud = bool(tape.voice) and is_audible(tape.voice[-1])
                quiet = 0.0 if loud else quiet + POLL_SECONDS
                if any(key in verb.finish_on for _, key in tape.keys[keys:]):
                    break
        finally:
            seconds = (len(tape.mouth) - began) * 0.02
            self.recordings[sid] = "completed"
            self.step("Record", f"{seconds:.1f} s of the caller")
            about = {
                "RecordingSid": sid,
                "RecordingUrl": f"{url}/Recordings/{sid}",
                "RecordingDuration": str(round(seconds)),
            }
            done = {**about, "RecordingStatus": "completed"}
            await self.notify(self._public(verb.status_callback, base), done)
            if self.phone.hung_up.is_set():
                await self.notify(self._public(verb.action, base), {**about, "Digits": "hangup"})
        return self.after(verb.action or base, base, about)

    def _public(self, reference: str, base: str) -> str:
        return self.exchange.site.url(reference, base) if reference else ""

    def with_callee(self, number: str, phone: Phone) -> "LiveCall":
        """Return the call with somebody whom this one has dialled."""
        who = Who(new_sid("CA"), self.who.called, number, "outbound-dial")
        return LiveCall(who, phone, self.exchange)
