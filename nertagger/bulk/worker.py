"""A process that tags chunks: `python -m nertagger.bulk.worker`, started by `processes`."""

from __future__ import annotations

import os
import sys
import traceback

from nertagger.bulk.chunk_tagger import ChunkTagger
from nertagger.bulk.chunks import Chunk
from nertagger.bulk.frames import FAILED, READY, REFUSED, TAGGED, Frame, read_frame, write_frame
from nertagger.errors import InputError


def main() -> None:
    """Answers frames on stdin with frames on stdout until the parent is gone."""
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library may print must not get between the frames.
    os.dup2(2, 1)
    tagger: ChunkTagger | None = None
    while (frame := read_frame(sys.stdin.buffer)) is not None:
        try:
            if tagger is None:
                fingerprint = frame.value.pop("fingerprint")
                tagger = ChunkTagger(**frame.value)
                answer = Frame(
                    READY,
                    {
                        "model": os.fspath(tagger.model_path),
                        "labels": tagger.labels,
                        "fingerprint": tagger.fingerprint() if fingerprint else "",
                    },
                )
            else:
                output, counts = tagger(Chunk(frame.data, *frame.value))
                answer = Frame(TAGGED, counts, output)
        except InputError as error:
            place = [error.message, error.path, error.line]
            answer = Frame(REFUSED, place)
        except MemoryError:
            answer = Frame(REFUSED, ["there is not enough memory; use fewer --workers", None, None])
        except Exception:
            answer = Frame(FAILED, traceback.format_exc())
        try:
            write_frame(answers, answer)
        except BrokenPipeError:
            os._exit(1)


if __name__ == "__main__":
    main()
