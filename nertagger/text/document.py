"""What a tagger returns and what a corpus is made of: a text with its entities and its tokens.

All offsets count code points of the text, as Python's own string indices do; ends are exclusive, so
`text[start:end]` is the span.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np


class Entity(NamedTuple):
    """A named entity: `document.text[start:end] == text`; `score` is a probability, 1.0 in gold."""

    text: str
    label: str
    start: int
    end: int
    score: float = 1.0


class Token(NamedTuple):
    """A token with its BIO tag; `score` is the tag's probability, 1.0 in gold."""

    text: str
    start: int
    end: int
    tag: str = "O"
    score: float = 1.0


class Document:
    """A text, the entities in it, and its tokens.

    Bulk tagging makes a hundred thousand tokens a second, which few callers read. So `tokens` may
    be given as a function without arguments, called when `document.tokens` is first read; see
    `tokens_from_arrays`.

    Args:
        text: the text.
        entities: its entities, in the order of their starts.
        tokens: its tokens, or a function that returns them.
    """

    __slots__ = ("_tokens", "entities", "text")

    def __init__(
        self,
        text: str,
        entities: Iterable[Entity] = (),
        tokens: Iterable[Token] | Callable[[], Iterable[Token]] = (),
    ):
        self.text = text
        self.entities: list[Entity] = list(entities)
        self._tokens = tokens if callable(tokens) else list(tokens)

    @property
    def tokens(self) -> list[Token]:
        """The tokens, in order; made when first read."""
        if callable(self._tokens):
            self._tokens = list(self._tokens())
        return self._tokens

    def to_dict(self, tokens: bool = False) -> dict[str, Any]:
        """The document as JSON has it: plain strings, integers and floats, nothing rounded.

        Args:
            tokens: whether to add the tokens, under "tokens".
        """
        data: dict[str, Any] = {
            "text": self.text,
            "entities": [
                {
                    "text": entity.text,
                    "label": entity.label,
                    "start": int(entity.start),
                    "end": int(entity.end),
                    "score": float(entity.score),
                }
                for entity in self.entities
            ],
        }
        if tokens:
            data["tokens"] = [
                {
                    "text": token.text,
                    "start": int(token.start),
                    "end": int(token.end),
                    "tag": token.tag,
                    "score": float(token.score),
                }
                for token in self.tokens
            ]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Document:
        """The inverse of `to_dict`. A "text" of an entity or token may be left out, a "score" too.

        Raises:
            ValueError: a key is missing, a value is of the wrong type, or a span does not fit the
                text.
        """
        if not isinstance(data, Mapping) or not isinstance(data.get("text"), str):
            raise ValueError('a document must be an object with a string under "text"')
        text = data["text"]
        return cls(
            text,
            [
                Entity(span, _string(item, "label"), start, end, _score(item))
                for item, span, start, end in _spans(text, data, "entities")
            ],
            [
                Token(span, start, end, _string(item, "tag"), _score(item))
                for item, span, start, end in _spans(text, data, "tokens")
            ],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Document):
            return NotImplemented
        return (self.text, self.entities, self.tokens) == (other.text, other.entities, other.tokens)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        # The tokens stay unread: printing a document must not cost what laziness saved.
        return f"Document(text={self.text!r}, entities={self.entities!r})"


def tokens_from_arrays(
    text: str,
    starts: Sequence[int] | np.ndarray,
    ends: Sequence[int] | np.ndarray,
    tags: Sequence[str],
    scores: Sequence[float] | np.ndarray,
) -> Callable[[], list[Token]]:
    """A function that makes the tokens, to be given to `Document`.

    Args:
        text: the document's text.
        starts, ends: [N] code points.
        tags: [N] BIO tags.
        scores: [N] the tags' probabilities.
    """

    def tokens() -> list[Token]:
        # tolist() makes Python numbers in bulk, several times faster than one at a time.
        spans = zip(np.asarray(starts).tolist(), np.asarray(ends).tolist(), strict=True)
        rows = zip(spans, tags, np.asarray(scores).tolist(), strict=True)
        return [Token(text[start:end], start, end, tag, score) for (start, end), tag, score in rows]

    return tokens


def _spans(text: str, data: Mapping[str, Any], key: str) -> Iterable[tuple[Any, str, int, int]]:
    items = data.get(key, ())
    if not isinstance(items, (list, tuple)):
        raise ValueError(f'"{key}" must be a list, not {type(items).__name__}')
    for item in items:
        if not isinstance(item, Mapping):
            raise ValueError(f'each of "{key}" must be an object, not {type(item).__name__}')
        start, end = item.get("start"), item.get("end")
        if type(start) is not int or type(end) is not int:
            raise ValueError(
                f'"start" and "end" must be integers, but {key} has {start!r} and {end!r}'
            )
        if not 0 <= start < end <= len(text):
            raise ValueError(
                f"span {start}-{end} does not fit a text of {len(text)} characters: "
                "0 <= start < end <= length is expected"
            )
        span = text[start:end]
        if item.get("text", span) != span:
            raise ValueError(
                f'span {start}-{end} is {span!r} in the text, but its "text" is {item["text"]!r}; '
                "offsets must count code points"
            )
        yield item, span, start, end


def _string(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f'"{key}" must be a non-empty string, not {value!r}')
    return value


def _score(item: Mapping[str, Any]) -> float:
    score = item.get("score", 1.0)
    if isinstance(score, bool) or not isinstance(score, (int, float)):
        raise ValueError(f'"score" must be a number, not {score!r}')
    return float(score)
