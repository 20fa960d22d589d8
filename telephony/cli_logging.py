"""What of the log reaches the terminal: our own warnings, or all of ours; of libraries errors."""

import logging
import warnings

PACKAGES = ("voice", "nlu", "dialogue", "telephony", "models")


def set_up_logging(debug: bool) -> None:
    """Log to stderr; with `debug` all that our packages have to say."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.ERROR)
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.DEBUG if debug else logging.WARNING)
    if not debug:
        warnings.simplefilter("ignore")  # libraries warn their developers, not our users
