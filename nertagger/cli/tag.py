"""`nertagger tag`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from nertagger.bulk.blas_threads import use_one_blas_thread
from nertagger.bulk.outputs import OUTPUTS


@click.command(name="tag")
@click.argument("texts", nargs=-1)
@click.option(
    "--model",
    metavar="MODEL",
    help="A name, a base directory or one version.  [default: $NERTAGGER_MODEL, else en]",
)
@click.option(
    "--input",
    "input_path",
    metavar="FILE",
    help="Text (a document a line), .jsonl, .conll, .csv or .tsv; - is stdin, plain text.",
)
@click.option("--output", metavar="FILE", help="Where the result goes.  [default: stdout]")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(OUTPUTS)),
    help="Of the result.  [default: table for texts given here, jsonl with --input, --output or "
    "text on stdin]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes.  [default: the cores for large files, else 1]",
)
@click.option("--text-column", metavar="NAME", help="The column of a .csv or .tsv with the text.")
@click.option("--resume", is_flag=True, help="Go on with the --output of an interrupted run.")
def command(
    texts: tuple[str, ...],
    model: str | None,
    input_path: str | None,
    output: str | None,
    output_format: str | None,
    workers: int | None,
    text_column: str | None,
    resume: bool,
) -> int:
    """Find the entities of TEXTS, or else of --input or of the lines on stdin.

    A line of plain text is a document and becomes a line of jsonl, empty ones too. Other columns
    of a table and other keys of JSON Lines are carried through. What is not UTF-8 becomes U+FFFD.
    """
    use_one_blas_thread()
    if texts:
        for name, given in (
            ("--input", input_path),
            ("--workers", workers),
            ("--text-column", text_column),
            ("--resume", resume),
        ):
            if given:
                raise click.UsageError(f"{name} is for files; expected it without texts")
        _tag_texts(texts, model, output, output_format or ("jsonl" if output else "table"))
        return 0

    from nertagger.bulk.tag_file import BulkOptions, tag_file

    path = input_path or "-"
    typed = path == "-" and sys.stdin is not None and sys.stdin.isatty()
    if typed:
        print("Type text, a document a line; Ctrl-D ends.", file=sys.stderr)
    if output_format is None:
        output_format = "table" if typed and output is None else "jsonl"
    return tag_file(BulkOptions(model, path, output, output_format, workers, text_column, resume))


def _tag_texts(texts: tuple[str, ...], model: str | None, output: str | None, form: str) -> None:
    from nertagger.bulk.destination import SpecialFile, StandardOutput, check_output, is_special
    from nertagger.bulk.outputs import make_output
    from nertagger.bulk.partial_output import PartialOutput
    from nertagger.bulk.records import Record, decode_counting
    from nertagger.runtime.tagger import load
    from nertagger.text.sentences import count_long_sentences, long_sentences_note

    path = None if output in (None, "-") else Path(str(output))
    if path is not None:
        check_output(path)
    tagger = load(model)
    # Arguments that are not UTF-8 come as half surrogate pairs.
    decoded = [decode_counting(os.fsencode(text)) for text in texts]
    records = [Record(text) for text, _ in decoded]
    writer = make_output(form, tagger.labels)
    documents = writer.documents(records, tagger.pipe(record.text for record in records))
    body = writer.header() + writer.separator.join(documents) + writer.footer()
    destination = (
        StandardOutput()
        if path is None
        else SpecialFile(path)
        if is_special(path)
        else PartialOutput(path, None, False)
    )
    try:
        destination.write(body.encode("utf-8", "replace"))
        destination.finish()
    finally:
        destination.close()
    if long := sum(count_long_sentences(record.text) for record in records):
        print(f"nertagger: warning: {long_sentences_note(long)}", file=sys.stderr)
    if replaced := sum(count for _, count in decoded):
        print(
            f"nertagger: warning: {replaced:,} sequences of bytes that are not UTF-8 became U+FFFD",
            file=sys.stderr,
        )
