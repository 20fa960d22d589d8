"""Peers side by side with Offhook, at the caller's ear: `python -m tests.bench.peers --help`."""
