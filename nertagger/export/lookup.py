"""Look-ups in the graph: by code point and by word."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

_BLOCK_BITS = 7
BLOCK = 1 << _BLOCK_BITS


class CodePointTable:
    """A number for every code point, in two stages: of its BLOCK code points, then of itself.

    Most blocks of Unicode are like another one, so that a table of 1,114,112 numbers takes some
    10 KB in the graph, and a look-up is two gathers.

    Args:
        values: integers [n], one a code point; n is a multiple of BLOCK.
    """

    def __init__(self, values: np.ndarray) -> None:
        place_of: dict[bytes, int] = {}
        blocks = (block.tobytes() for block in values.reshape(-1, BLOCK))
        places = [place_of.setdefault(block, len(place_of)) for block in blocks]
        self._block_of = np.array(places, np.uint16)
        self._blocks = np.frombuffer(b"".join(place_of), values.dtype)

    def __call__(self, codes: tf.Tensor) -> tf.Tensor:
        """The numbers of code points, of the type of the table; codes int32, of any shape."""
        block = tf.gather(self._block_of, tf.bitwise.right_shift(codes, _BLOCK_BITS))
        place = tf.bitwise.bitwise_and(codes, BLOCK - 1)
        return tf.gather(self._blocks, tf.cast(block, tf.int32) * BLOCK + place)


class FoldTable:
    """What each code point folds to, as the distance to it, which is the same for whole scripts.

    Args:
        values: int32 [0x110000], what each code point folds to.
    """

    def __init__(self, values: np.ndarray) -> None:
        self._distance = CodePointTable(values - np.arange(len(values), dtype=np.int32))

    def __call__(self, codes: tf.Tensor) -> tf.Tensor:
        """int32, of the shape of `codes`."""
        return codes + self._distance(codes)


def constant_table(numbers: Mapping[str, int], default: int) -> tf.lookup.StaticHashTable:
    """A table of a few words that lies in the graph itself.

    Args:
        numbers: of the words.
        default: the number of every other word.
    """
    keys = tf.constant(list(numbers), tf.string)
    values = tf.constant(list(numbers.values()), tf.int64)
    initializer = tf.lookup.KeyValueTensorInitializer(keys, values)
    return tf.lookup.StaticHashTable(initializer, default)


def line_table(words: Sequence[str], path: Path, default: int) -> tf.lookup.StaticHashTable:
    """A table from words to their places, read from an asset of the SavedModel when it is loaded.

    Args:
        words: in the order of their numbers. One that is there a second time, or that the reader of
            such files would change, is replaced by one that no token can be.
        path: where to write the asset's original; the SavedModel takes a copy.
        default: the number of every other word.
    """
    path.write_bytes("".join(f"{line}\n" for line in _lines(words)).encode())
    return tf.lookup.StaticHashTable(_NamedInitializer(path), default)


class _NamedInitializer(tf.lookup.TextFileInitializer):
    """Lines to line numbers.

    TensorFlow names a table after the path of its file, and would so write into the model where it
    was made. This names it after the content: two tables of one name are one table.
    """

    def __init__(self, path: Path) -> None:
        self._content = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        super().__init__(
            str(path),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )

    @property
    def _shared_name(self) -> str:
        return f"lines_{self._content}"


def _lines(words: Sequence[str]) -> Iterable[str]:
    seen: set[str] = set()
    for number, word in enumerate(words):
        usable = word and word not in seen and not set(word) & set("\t\r\n")
        # No token has white space.
        yield word if usable else f"\t{number}"
        seen.add(word)


def word_numbers(table: Any, words: tf.Tensor) -> tf.Tensor:
    """int32, of the shape of `words`."""
    return tf.cast(table.lookup(words), tf.int32)
