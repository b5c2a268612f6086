"""The tagger: text in, entities out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.runtime.decoding import Decoded, Decoder, without_unlikely
from nertagger.runtime.directory import find_model, read_model
from nertagger.runtime.name_agreement import agree
from nertagger.runtime.network import Network
from nertagger.text.document import Document, Entity, Token, tokens_from_arrays
from nertagger.text.segmentation import Segmentation, segment
from nertagger.text.token_encoder import TokenEncoder

_CHARACTERS_AT_ONCE = 1 << 15
"""Texts gathered before they are tagged together, in characters: what bounds a stream's memory."""


def load(model: str | os.PathLike[str] | None = None) -> Tagger:
    """The tagger of a model.

    Args:
        model: a name, a base directory (its highest version is meant) or one version of it; without
            it $NERTAGGER_MODEL, and without that the model that ships, `en`.

    Raises:
        InputError: there is no such model, or it cannot be used.
    """
    model_directory = read_model(find_model(model))
    return Tagger(
        model_directory.config,
        model_directory.encoder,
        model_directory.tensors,
        model_directory.path,
    )


class Tagger:
    """Finds named entities. Threads may share one.

    Args:
        config: of the model: `architecture`, `tags`, `temperature` if it is not 1, and
            `name_agreement` and `least_score` if they are not 0.
        encoder: from tokens to numbers.
        tensors: the weights, by name.
        path: the directory that it came from, if it came from one.

    Attributes:
        config, path: as given.
        labels: the labels that its entities may have.
        name_agreement: how strongly the mentions of a name in a document vote on its label; see
            `runtime.name_agreement`. 0: not at all.
        least_score: entities with less are not told, and their tokens are O.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        encoder: TokenEncoder,
        tensors: Mapping[str, np.ndarray],
        path: Path | None = None,
    ) -> None:
        architecture = config["architecture"]
        self.config = config
        self.path = path
        self.network = Network(architecture, tensors, encoder)
        self.decoder = Decoder(
            architecture["head"],
            architecture["tags"],
            tensors,
            config.get("temperature", 1.0),
        )
        self.labels: list[str] = self.decoder.labels
        self.name_agreement: float = config.get("name_agreement", 0.0)
        self.least_score: float = config.get("least_score", 0.0)

    def __call__(self, text: str) -> Document:
        """The text with its entities and tokens.

        Raises:
            TypeError: `text` is not a string.
        """
        return self._documents([_string(text)])[0]

    def pipe(self, texts: Iterable[str], batch_size: int = 1024) -> Iterator[Document]:
        """Tags a stream of texts, in order and with the memory of one batch.

        Args:
            texts: any number of them.
            batch_size: how many to read, at most, before they are tagged together.

        Raises:
            TypeError: a text is not a string, or `texts` is one.
            ValueError: `batch_size` is less than 1.
        """
        if isinstance(texts, str):
            raise TypeError("pipe takes an iterable of texts, not one string: use tagger(text)")
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}; expected 1 or more")
        return self._stream(texts, batch_size)

    def tag_tokens(
        self, sentences: Iterable[Sequence[str]], batch_size: int = 1024
    ) -> list[list[Token]]:
        """Tags the caller's own tokens.

        Each is tokenised further as any text is, and gets the tag and the score of its first piece;
        one of white space alone is O.

        Args:
            sentences: lists of tokens.
            batch_size: see `pipe`.

        Returns:
            A token for each of the caller's; its offsets count from the beginning of its sentence,
            tokens joined by one space.

        Raises:
            TypeError: a token is not a string.
        """
        sentences = [_strings(sentence) for sentence in sentences]
        documents = self.pipe((" ".join(sentence) for sentence in sentences), batch_size)
        return [
            _callers_tokens(sentence, document.tokens)
            for sentence, document in zip(sentences, documents, strict=True)
        ]

    def _stream(self, texts: Iterable[str], batch_size: int) -> Iterator[Document]:
        batch: list[str] = []
        size = 0
        for text in texts:
            batch.append(_string(text))
            size += len(text)
            if len(batch) == batch_size or size >= _CHARACTERS_AT_ONCE:
                yield from self._documents(batch)
                batch, size = [], 0
        if batch:
            yield from self._documents(batch)

    def _documents(self, texts: Sequence[str]) -> list[Document]:
        segments = segment(texts)
        offsets = segments.sentence_offsets
        tokens = segments.tokens()
        logits = self.network.logits(tokens, offsets, segments.text_offsets)
        decoded = self.decoder.decode(logits, offsets)
        starts, ends, entity_offsets = _places(segments, decoded)
        if self.name_agreement:
            names = [segments.joined[start:end] for start, end in zip(starts, ends, strict=True)]
            numbers = np.arange(len(texts)).repeat(np.diff(entity_offsets)).tolist()
            decoded = agree(decoded, names, tokens, numbers, self.name_agreement)
        if self.least_score:
            decoded = without_unlikely(decoded, self.least_score)
            starts, ends, entity_offsets = _places(segments, decoded)
        found = [
            (self.labels[label], start, end, score)
            for label, start, end, score in zip(
                decoded.labels.tolist(), starts, ends, decoded.entity_scores.tolist(), strict=True
            )
        ]
        text_starts = segments.text_starts.tolist()
        bounds = segments.text_offsets.tolist()
        entity_bounds = entity_offsets.tolist()
        documents = []
        for number, text in enumerate(texts):
            begin = text_starts[number]
            entities = [
                Entity(text[start - begin : end - begin], label, start - begin, end - begin, score)
                for label, start, end, score in found[
                    entity_bounds[number] : entity_bounds[number + 1]
                ]
            ]
            part = slice(bounds[number], bounds[number + 1])
            tokens_of_text = partial(
                self._tokens, text, begin, segments.starts, segments.ends, decoded, part
            )
            documents.append(Document(text, entities, tokens_of_text))
        return documents

    def _tokens(
        self,
        text: str,
        begin: int,
        starts: np.ndarray,
        ends: np.ndarray,
        decoded: Decoded,
        part: slice,
    ) -> list[Token]:
        tags = [self.decoder.tag_names[tag] for tag in decoded.tags[part].tolist()]
        return tokens_from_arrays(
            text, starts[part] - begin, ends[part] - begin, tags, decoded.scores[part]
        )()


def _places(segments: Segmentation, decoded: Decoded) -> tuple[list[int], list[int], np.ndarray]:
    """Where entities start and end, and how many come before each text, and all."""
    return (
        segments.starts[decoded.firsts].tolist(),
        segments.ends[decoded.lasts].tolist(),
        decoded.firsts.searchsorted(segments.text_offsets),
    )


def _callers_tokens(words: Sequence[str], pieces: Sequence[Token]) -> list[Token]:
    tokens = []
    begin = piece = 0
    for word in words:
        end = begin + len(word)
        while piece < len(pieces) and pieces[piece].start < begin:
            piece += 1
        if piece < len(pieces) and pieces[piece].start < end:
            tokens.append(Token(word, begin, end, pieces[piece].tag, pieces[piece].score))
        else:
            tokens.append(Token(word, begin, end))
        begin = end + 1
    return tokens


def _strings(sentence: Sequence[str]) -> list[str]:
    if isinstance(sentence, str):
        raise TypeError(f"tag_tokens takes lists of tokens, not a string: {sentence!r:.60}")
    return [_string(token) for token in sentence]


def _string(text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a text must be a string, not {type(text).__name__}: {text!r:.60}")
    return text
