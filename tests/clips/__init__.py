"""Recorded callers, each with the script of what must be understood and answered.

`NAME.wav` is 8 kHz µ-law as a telephone line carries it, `NAME.yaml` its script (see `script.py`),
`build.py` makes the one from the other and from the sources that NOTICE names.
"""
