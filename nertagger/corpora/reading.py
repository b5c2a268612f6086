"""Which reader reads a file. A new format is one new file and one line in `FORMATS`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from nertagger.corpora.conll import read_conll, write_conll
from nertagger.corpora.corpus import Corpus
from nertagger.corpora.json_lines import read_json_lines, write_json_lines
from nertagger.corpora.lines import open_file
from nertagger.errors import InputError
from nertagger.text.document import Document


class Format(NamedTuple):
    """A file format of corpora.

    Attributes:
        read: path -> Corpus.
        write: (path, documents) -> None.
        extensions: of its files, in lower case.
        first_bytes: what a file of another extension begins with, white space apart, if it is of
            this format; b"" matches every file.
    """

    read: Callable[[Path], Corpus]
    write: Callable[[Path, Iterable[Document]], None]
    extensions: tuple[str, ...]
    first_bytes: tuple[bytes, ...]


_JSON = (b'{"', b'{ "', b'["', b"[{", b"[[", b"[\n")

FORMATS: dict[str, Format] = {
    "jsonl": Format(read_json_lines, write_json_lines, (".jsonl", ".json", ".ndjson"), _JSON),
    "conll": Format(
        read_conll, write_conll, (".conll", ".bio", ".iob", ".iob2", ".bioes", ".tsv"), (b"",)
    ),
}


def read_corpus(path: str | os.PathLike[str]) -> Corpus:
    """Reads a corpus, in the format that the file's extension or else its beginning tells.

    Raises:
        InputError: the file cannot be read, or something in it is not as its format wants it.
    """
    path = Path(path)
    with open_file(path) as file:
        beginning = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    for form in FORMATS.values():
        if path.suffix.lower() in form.extensions:
            return form.read(path)
    form = next(form for form in FORMATS.values() if beginning.startswith(form.first_bytes))
    return form.read(path)


def write_corpus(path: str | os.PathLike[str], documents: Iterable[Document]) -> None:
    """Writes documents in the format that the extension of `path` tells.

    Raises:
        InputError: no format has this extension.
        OSError: the file cannot be written.
    """
    path = Path(path)
    for form in FORMATS.values():
        if path.suffix.lower() in form.extensions:
            return form.write(path, documents)
    known = ", ".join(extension for form in FORMATS.values() for extension in form.extensions)
    raise InputError(f"the extension tells the format: one of {known} is expected", path)
