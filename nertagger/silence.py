"""Imports TensorFlow without its chatter.

Its log level stops most of what it writes to stderr, but not what its C++ libraries write while
they load; only turning file descriptor 2 away does.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Turns file descriptor 2 away; what was written to it is shown only if an exception leaves."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            yield
        except BaseException:
            chatter.seek(0)
            os.write(kept, chatter.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def import_keras() -> None:
    """Imports Keras and its backend, silently."""
    with silenced():
        import keras

        # The backend's libraries load at the first use of an operation.
        keras.ops.zeros(())
