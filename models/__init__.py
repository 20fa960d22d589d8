"""The model registry: manifest, fetch and verify, conversion, device placement.

Returns paths and devices; never builds an engine.

Exceptions::

    ModelError                 what a person can mend; its text is one line with the remedy
    ├── ManifestError          manifest.toml or an entry of it is wrong
    ├── ModelMissing           not in the cache: `offhook models pull NAME` brings it
    ├── FetchError             no source could deliver it: no network, no such package
    └── Tampered               a file's SHA-256 is not the manifest's
"""


class ModelError(Exception):
    """Base of what `models` raises on purpose; the message is one line and names the remedy."""


class ManifestError(ModelError):
    """The manifest cannot be read, or has no such entry."""


class ModelMissing(ModelError):
    """The model's files are not in the cache."""


class FetchError(ModelError):
    """No source could deliver the model."""


class Tampered(ModelError):
    """A file does not have the SHA-256 that the manifest names."""
