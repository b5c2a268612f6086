"""What input formats give and output formats take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol

from nertagger.bulk.chunks import Chunk, Place
from nertagger.text.utf8 import decode

if TYPE_CHECKING:
    # Who only cuts a file into chunks needs no NumPy.
    from nertagger.text.document import Document

REPLACEMENT = "\ufffd"


class Record(NamedTuple):
    """A document of the input.

    Attributes:
        text: what is tagged.
        extra: what else the input says of it, to be carried through.
        sentences: the input's own tokens, where it has some; joined by spaces, and the sentences
            by line feeds, they are the text.
        begins_document: whether a document marker stands before it in the input.
    """

    text: str
    extra: Mapping[str, Any] = {}
    sentences: Sequence[Sequence[str]] = ()
    begins_document: bool = False


class Records(NamedTuple):
    """The documents of a chunk, and how many things in it were replaced by U+FFFD."""

    records: list[Record]
    replaced: int = 0


class InputFormat(Protocol):
    """How a file holds documents. Made with `path`, which errors name, and `column`."""

    def begin(self, file: BinaryIO) -> Place:
        """Reads what stands before the documents; where the first of them begins."""

    def options(self) -> dict[str, Any]:
        """What `begin` found and `read` needs, as plain values: another process may do the
        reading."""

    def cut(self, file: BinaryIO, place: Place, eager: bool) -> Iterator[Chunk]:
        """Chunks of whole documents, from `place`, where the file is."""

    def read(self, chunk: Chunk) -> Records:
        """The documents of a chunk.

        Raises:
            InputError: something in it is not as the format wants it.
        """


class OutputFormat(Protocol):
    """How tagged documents are written. Made with the labels that there may be."""

    separator: str
    """Between documents."""

    def header(self) -> str:
        """What stands before all documents."""

    def footer(self) -> str:
        """What stands after them."""

    def documents(self, records: Sequence[Record], documents: Iterable[Document]) -> Iterator[str]:
        """Each document as it is written."""


def decode_counting(data: bytes) -> tuple[str, int]:
    """The text of bytes, by `text.utf8.decode`, and how many sequences are not UTF-8."""
    try:
        return data.decode("utf-8"), 0
    except UnicodeDecodeError:
        text = decode(data)
        return text, text.count(REPLACEMENT) - data.count(REPLACEMENT.encode())
