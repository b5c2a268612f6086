"""The command line: one module per command, imported when it is called.

A new command is one new module, with a click command named `command`, and one line in `COMMANDS`.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

import click

from nertagger.cli.command_table import CommandTable
from nertagger.errors import InputError

COMMANDS = {
    "train": "Learn a tagger from labelled text.",
    "tag": "Find the entities of texts.",
    "evaluate": "Score a tagger on labelled text.",
    "export": "Add what TensorFlow Serving reads to a model.",
    "models": "List the models that are installed.",
    "serve": "Answer TensorFlow Serving's REST API.",
    "data": "Check, convert, count and fetch corpora.",
    "lab": "See what the equations do: gradients, memory, gates.",
}

INTERRUPTED = 130


@click.group(
    cls=CommandTable,
    table=COMMANDS,
    package=__name__,
    noun="command",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="nertagger", message="%(prog)s %(version)s")
def application() -> None:
    """Named-entity tagging: train a tagger, tag text with it, measure it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command; whatever the user got wrong is one line on stderr and exit code 2."""
    try:
        status = application.main(
            args=None if arguments is None else list(arguments),
            prog_name="nertagger",
            standalone_mode=False,
        )
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        sys.exit(2)
    except click.UsageError as error:
        context = error.ctx
        command = context.command_path if context else "nertagger"
        sentence = error.format_message().rstrip(".")
        sentence = f"{sentence[:1].lower()}{sentence[1:]}"
        _fail(f"{sentence} ({command} --help shows what there is)", command)
    except click.exceptions.Exit as exit_request:
        sys.exit(exit_request.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print("nertagger: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except InputError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader of our output has seen enough. Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG):
            raise
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{(error.strerror or str(error)).lower()}; nothing is left half-written")
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(sentence: str, command: str = "nertagger") -> None:
    line = " ".join(sentence.split())
    print(f"{command}: {line}", file=sys.stderr)
    sys.exit(2)
