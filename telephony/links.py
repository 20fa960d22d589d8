"""Links to the transcripts of calls: signed, and good for a day."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

LINK_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks them. The key is a secret of this server's own, or of this process."""

    origin: str
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    clock: Callable[[], float] = time.time  # they outlive the process

    def transcript(self, call_sid: str) -> str:
        """Return a link to the call's record."""
        expires = str(int(self.clock()) + LINK_SECONDS)
        query = urlencode({"expires": expires, "signature": self._sign(call_sid, expires)})
        return f"{self.origin}/twilio/transcript/{quote(call_sid, safe='')}?{query}"

    def is_good(self, call_sid: str, expires: str, signature: str) -> bool:
        """Say whether we made this link, and it has not expired."""
        expected = self._sign(call_sid, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            return False
        return expires.isdigit() and int(expires) > self.clock()

    def _sign(self, call_sid: str, expires: str) -> str:
        text = f"transcript\n{call_sid}\n{expires}".encode()
        return hmac.new(self.key, text, hashlib.sha256).hexdigest()


def make_links(origin: str, auth_token: str) -> Links:
    """Return links whose key comes from Twilio's token; without one, they end with the process."""
    if not auth_token:
        return Links(origin)
    return Links(origin, hashlib.sha256(b"offhook transcripts\n" + auth_token.encode()).digest())
