"""Tags a file or a stream from its beginning to its end."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nertagger
from nertagger.bulk.chunks import CHUNK_BYTES, Place
from nertagger.bulk.destination import SpecialFile, StandardOutput, check_output, is_special
from nertagger.bulk.inputs import input_format_of, make_input
from nertagger.bulk.interruption import whole_lines
from nertagger.bulk.outputs import make_output
from nertagger.bulk.partial_output import PartialOutput
from nertagger.bulk.processes import (
    Job,
    Processes,
    Ready,
    ThisProcess,
    WorkerDied,
    usable_cores,
)
from nertagger.bulk.progress import Progress
from nertagger.bulk.records import InputFormat
from nertagger.bulk.source import STDIN, Source
from nertagger.bulk.tagged import Counts
from nertagger.errors import InputError

WORKERS_PAY_FROM = 8 * CHUNK_BYTES
"""Bytes of input from which starting processes takes less time than they save."""

INTERRUPTED = 130


@dataclass(frozen=True)
class BulkOptions:
    """What to tag, with what, and where to.

    Attributes:
        model: a name or a path, None for the default.
        input: a path, or "-" for stdin.
        output: a path, or None for stdout.
        format: of the output, one of `OUTPUTS`.
        workers: processes; None chooses by the size of the input.
        text_column: of a CSV or TSV file.
        resume: go on with what an interrupted run has left.
    """

    model: str | None = None
    input: str = STDIN
    output: str | None = None
    format: str = "jsonl"
    workers: int | None = None
    text_column: str | None = None
    resume: bool = False


def tag_file(options: BulkOptions) -> int:
    """Tags a whole input.

    Returns:
        The exit code: 0, or 130 after Ctrl-C.

    Raises:
        InputError: something in what the user gave cannot be used.
    """
    source = Source(options.input)
    try:
        return _tag(source, options)
    finally:
        source.close()


def _tag(source: Source, options: BulkOptions) -> int:
    output = None if options.output in (None, STDIN) else Path(str(options.output))
    _check_output(source, output, options.resume)
    name = input_format_of(options.input)
    input_format = make_input(name, source.name, options.text_column)
    begin = input_format.begin(source.file)
    job = Job(options.model, name, source.name, input_format.options(), options.format)
    workers = options.workers or _workers(source.size)
    # A pipe that somebody types into or follows is tagged as it comes.
    eager = source.size is None and workers == 1
    is_file = output is not None and not is_special(output)
    resumable = is_file and source.size is not None
    tagger: ThisProcess | Processes
    if workers > 1:
        tagger = Processes(job, workers, fingerprint=resumable)
    else:
        tagger = ThisProcess(job, fresh=not eager, fingerprint=resumable)
    try:
        destination: StandardOutput | SpecialFile | PartialOutput
        if output is None:
            destination = StandardOutput()
        elif not is_file:
            destination = SpecialFile(output)
        else:
            identity = _identity(source, options, tagger.ready) if resumable else None
            destination = PartialOutput(output, identity, options.resume)
        try:
            run = _Run(source, input_format, begin, tagger, destination, options.format)
            return run(eager)
        finally:
            destination.close()
    finally:
        tagger.close()


class _Run:
    """One pass over the input, or over the rest of it."""

    def __init__(
        self,
        source: Source,
        input_format: InputFormat,
        begin: Place,
        tagger: ThisProcess | Processes,
        destination: StandardOutput | SpecialFile | PartialOutput,
        output_format: str,
    ) -> None:
        self._source = source
        self._input = input_format
        self._tagger = tagger
        self._destination = destination
        self._output = make_output(output_format, tagger.ready.labels)
        self._file = destination if isinstance(destination, PartialOutput) else None
        self._resumed = self._file.resumed if self._file else None
        self._place = self._resumed.place if self._resumed else begin
        self._before = self._resumed.counts if self._resumed else Counts()
        self._counts = Counts()
        to_screen = isinstance(destination, StandardOutput) and sys.stdout.isatty()
        quiet = to_screen or source.file.isatty()
        self._progress = Progress(source.size, self._place.offset, quiet)

    def __call__(self, eager: bool) -> int:
        if self._resumed:
            self._source.file.seek(self._place.offset)
        with whole_lines() as writing:
            try:
                self._tag(eager, writing)
            except (KeyboardInterrupt, WorkerDied) as error:
                self._progress.stop()
                kept = self._keep()
                if isinstance(error, WorkerDied):
                    raise InputError(f"{error.message}{kept}") from None
                print(f"nertagger: interrupted{kept}", file=sys.stderr)
                return INTERRUPTED
            finally:
                self._progress.stop()
            with writing:
                self._destination.finish()
        self._report()
        return 0

    def _tag(self, eager: bool, writing: contextlib.AbstractContextManager) -> None:
        if not self._resumed:
            with writing:
                self._write(self._output.header())
        chunks = self._input.cut(self._source.file, self._place, eager)
        for chunk, tagged in self._tagger.tag(chunks):
            with writing:
                if tagged.counts.documents and self._total.documents:
                    self._write(self._output.separator)
                self._destination.write(tagged.output)
                self._counts = self._counts.plus(tagged.counts)
                self._place = Place(chunk.end, chunk.line + chunk.data.count(b"\n"))
                if self._file:
                    self._file.checkpoint(self._place, self._total)
            self._progress.advance(chunk.end, self._counts)
        with writing:
            self._write(self._output.footer())

    @property
    def _total(self) -> Counts:
        """Of this run and of those that it goes on with."""
        return self._before.plus(self._counts)

    def _write(self, text: str) -> None:
        self._destination.write(text.encode())

    def _keep(self) -> str:
        """Keeps what there is; how to go on with it, if one can."""
        if not self._file or not self._file.keep(self._place, self._total):
            return ""
        return (
            f"; {self._file.partial} has {self._total.documents:,} documents, "
            "and the same command with --resume goes on"
        )

    def _report(self) -> None:
        total = self._total
        if total.replaced:
            _warn(
                f"{self._source.name}: {total.replaced:,} sequences of bytes that are not UTF-8 "
                "became U+FFFD; convert the file if they should be letters"
            )
        if total.long:
            # NumPy comes with it, which this process does without where workers tag.
            from nertagger.text.sentences import long_sentences_note

            _warn(f"{self._source.name}: {long_sentences_note(total.long)}")
        if not total.documents:
            _warn(f"{self._source.name}: has no documents, so the output has none")
        elif self._file:
            before = f", after {self._before.documents:,} before it was resumed"
            summary = self._progress.summary(self._counts) + (before if self._resumed else "")
            print(f"nertagger: {summary}", file=sys.stderr)


def _workers(size: int | None) -> int:
    return usable_cores() if size is not None and size >= WORKERS_PAY_FROM else 1


def _identity(source: Source, options: BulkOptions, ready: Ready) -> dict[str, Any]:
    return {
        "version of nertagger": nertagger.__version__,
        "model": ready.model,
        "content of the model": ready.fingerprint,
        "--format": options.format,
        "--text-column": options.text_column,
        "input": os.path.abspath(options.input),
        **source.identity(),
        "size of chunks": CHUNK_BYTES,
    }


def _check_output(source: Source, output: Path | None, resume: bool) -> None:
    regular = source.status if source.size is not None else None
    if resume and output is None:
        raise InputError("--resume goes on with a file; expected --output FILE with it")
    if resume and regular is None:
        raise InputError("--resume needs an input that can be read again; expected --input FILE")
    if output is not None:
        check_output(output, regular)
        check_output(output.with_name(output.name + ".partial"), regular)
    elif regular is not None and sys.stdout is not None:
        with contextlib.suppress(OSError, io.UnsupportedOperation):
            if os.path.samestat(regular, os.fstat(sys.stdout.fileno())):
                raise InputError(
                    "is the input and the output; expected another output", source.name
                )


def _warn(sentence: str) -> None:
    print(f"nertagger: warning: {sentence}", file=sys.stderr)
