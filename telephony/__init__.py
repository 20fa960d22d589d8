"""Lines, the call loop, records and the command line. Start reading in `telephony/call.py`.

Exceptions::

    TelephonyError             what a person can mend; its text is one line with the remedy
    ├── LineError              a line cannot be opened: no device, no file, a far end that is gone
    │   └── ProtocolError      the far end of a media stream says what the protocol does not know
    ├── PictureError           a picture that a caller sent cannot be had, or cannot be read
    ├── Refused                traffic that is not Twilio's, or comes twice; told to the log alone
    ├── TwilioError            Twilio's REST API cannot be reached, or refuses
    └── SettingsError          an environment variable or option of ours has a value that cannot be
"""


class TelephonyError(Exception):
    """Base of what `telephony` raises on purpose; the message is one line and names the remedy."""


class LineError(TelephonyError):
    """A line cannot be opened, or broke."""


class ProtocolError(LineError):
    """The far end of a media stream sent what the protocol does not allow."""


class PictureError(TelephonyError):
    """A picture cannot be fetched or opened."""


class Refused(TelephonyError):
    """A request or a stream that is not Twilio's, not for a call of ours, or comes twice."""


class TwilioError(TelephonyError):
    """Twilio's REST API cannot be reached, or did not do what it was asked."""


class SettingsError(TelephonyError):
    """A setting has a value that cannot be used."""
