"""Pretrained word vectors, read from text files and NumPy archives.

Text is GloVe's or word2vec's: a word and its numbers on each line, separated by spaces; word2vec
writes a line with the count and the dimension first. An archive (.npz) has `words`, the bytes of
the words in UTF-8, joined by line feeds; `vectors` [R, F]; and, where several words share a vector,
`rows` [N], the row of each word.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

from nertagger.corpora.lines import decode_line, open_file
from nertagger.errors import InputError

_ZIP = b"PK"


def read_vectors(
    path: str | os.PathLike[str], wanted: Collection[str] | None = None, first: int = 0
) -> tuple[list[str], np.ndarray]:
    """Reads word vectors; whether the file is an archive is told by its content.

    Args:
        path: the file. Text is read as a stream, so that its size does not matter.
        wanted: the words to keep, a set or what else finds a word quickly; None keeps all.
        first: keep the first so many words as well; files have the commonest words first.

    Returns:
        (words [N], each once and in the file's order; their vectors [N, F], float32 from text and
        as they are stored, mostly float16, from an archive).

    Raises:
        InputError: the file cannot be read, or is truncated or otherwise not what it should be.
    """
    path = Path(path)
    with open_file(path) as file:
        archive = file.peek(2)[:2] == _ZIP  # type: ignore[attr-defined]
    read = _read_archive if archive else _read_text
    return read(path, wanted, first)


def _read_archive(
    path: Path, wanted: Collection[str] | None, first: int
) -> tuple[list[str], np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = {"words", "vectors"} - set(archive.files)
            if missing:
                raise InputError(
                    f"has no array {' or '.join(sorted(missing))}, only "
                    f"{', '.join(sorted(archive.files)) or 'none'}",
                    path,
                )
            words_array, vectors = archive["words"], archive["vectors"]
            rows = archive["rows"] if "rows" in archive.files else None
    except InputError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError) as error:
        raise InputError(
            f"is no whole NumPy archive of plain arrays ({error}); fetch or write it again", path
        ) from None
    if words_array.dtype != np.uint8 or words_array.ndim != 1:
        raise InputError(
            f"`words` must be bytes, uint8 [length], not {words_array.dtype} "
            f"{list(words_array.shape)}",
            path,
        )
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise InputError(
            f"`vectors` must be floating-point [rows, dimension], not {vectors.dtype} "
            f"{list(vectors.shape)}",
            path,
        )
    try:
        words = words_array.tobytes().decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"`words` is not UTF-8 at byte {error.start}", path) from None
    if rows is None:
        if len(words) != len(vectors):
            raise InputError(f"has {len(words)} words but {len(vectors)} vectors", path)
    elif rows.dtype.kind not in "iu" or rows.shape != (len(words),):
        raise InputError(
            f"`rows` must be an integer for each of {len(words)} words, not {rows.dtype} "
            f"{list(rows.shape)}",
            path,
        )
    elif len(rows) and not 0 <= rows.min() <= rows.max() < len(vectors):
        raise InputError(
            f"`rows` has {rows.min()} to {rows.max()}, but there are {len(vectors)} vectors", path
        )
    kept: dict[str, int] = {}
    for index, word in enumerate(words):
        if wanted is None or index < first or word in wanted:
            kept.setdefault(word, index)
    indices = np.fromiter(kept.values(), np.int64, len(kept))
    chosen = vectors[indices if rows is None else rows[indices]]
    _check_finite(list(kept), chosen, path)
    return list(kept), chosen


def _read_text(
    path: Path, wanted: Collection[str] | None, first: int
) -> tuple[list[str], np.ndarray]:
    words: dict[str, None] = {}
    vectors: list[np.ndarray] = []
    promised, dimension, count, offset = -1, 0, 0, 0
    with open_file(path) as file:
        for number, data in enumerate(file, 1):
            line = data.rstrip(b" \r\n")
            if number == 1:
                header = line.split()
                if len(header) == 2 and all(field.isdigit() for field in header):
                    promised, dimension = int(header[0]), int(header[1])
                    offset += len(data)
                    continue
            dimension = dimension or _dimension(line, path, number)
            word = decode_line(_word(line, dimension, path, number), path, number, offset)
            count, offset = count + 1, offset + len(data)
            if (wanted is None or count <= first or word in wanted) and word not in words:
                words[word] = None
                vectors.append(_numbers(line, dimension, path, number))
    if promised not in (-1, count):
        raise InputError(
            f"promises {promised} words but has {count}; fetch it again, or correct the number",
            path,
            1,
        )
    if not count:
        raise InputError("has no vector", path)
    table = np.array(vectors, np.float32) if vectors else np.zeros((0, dimension), np.float32)
    _check_finite(list(words), table, path)
    return list(words), table


def _dimension(line: bytes, path: Path, number: int) -> int:
    """How many numbers end the line; the word before them may hold spaces."""
    fields = line.split(b" ")
    dimension = 0
    while dimension < len(fields) - 1 and _is_number(fields[-1 - dimension]):
        dimension += 1
    if not dimension:
        raise InputError("a word and its numbers, separated by spaces, are expected", path, number)
    return dimension


def _word(line: bytes, dimension: int, path: Path, number: int) -> bytes:
    surplus = line.count(b" ") - dimension
    if surplus == 0:
        return line[: line.index(b" ")]
    fields = line.rsplit(b" ", dimension)
    # A word may hold spaces, as GloVe's ". . ." does; but one that ends in a decimal fraction is
    # rather a row with a number too many.
    last = fields[0].rsplit(b" ", 1)[-1]
    if surplus < 0 or (b"." in last and _is_number(last)):
        raise InputError(
            f"has {dimension + surplus} numbers, where the first row has {dimension}; "
            "every row needs as many",
            path,
            number,
        )
    return fields[0]


def _numbers(line: bytes, dimension: int, path: Path, number: int) -> np.ndarray:
    fields = line.rsplit(b" ", dimension)[1:]
    try:
        return np.array([float(field) for field in fields], np.float32)
    except ValueError:
        wrong = next(field for field in fields if not _is_number(field))
        shown = wrong.decode("utf-8", "replace")[:40]
        raise InputError(f"{shown!r} is no number", path, number) from None


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _check_finite(words: list[str], vectors: np.ndarray, path: Path) -> None:
    finite = np.isfinite(vectors).all(axis=-1)
    if not finite.all():
        word = words[int(np.argmin(finite))]
        raise InputError(f"the vector of {word!r} has a number that is not finite", path)
