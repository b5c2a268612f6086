"""The tagger: text in, entities out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nertagger.runtime.decoding import Decoded, Decoder
from nertagger.runtime.directory import find_model, read_model
from nertagger.runtime.network import Network
from nertagger.text.document import Document, Entity, Token, tokens_from_arrays
from nertagger.text.sentences import split_sentences_batch
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.tokens import tokenize_batch

_CHARACTERS_AT_ONCE = 1 << 18
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
        config: of the model: `architecture`, `tags`, and, if it is not 1, `temperature`.
        encoder: from tokens to numbers.
        tensors: the weights, by name.
        path: the directory that it came from, if it came from one.

    Attributes:
        config, path: as given.
        labels: the labels that its entities may have.
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
        starts, ends, text_offsets = tokenize_batch(texts)
        offsets, _ = split_sentences_batch(texts, starts, ends, text_offsets)
        bounds = text_offsets.tolist()
        start_list, end_list = starts.tolist(), ends.tolist()
        tokens: list[str] = []
        for text, first, last in zip(texts, bounds, bounds[1:], strict=False):
            spans = zip(start_list[first:last], end_list[first:last], strict=True)
            tokens += [text[start:end] for start, end in spans]
        decoded = self.decoder.decode(self.network.logits(tokens, offsets), offsets)
        entity_bounds = np.searchsorted(decoded.firsts, text_offsets).tolist()
        entity_starts = starts[decoded.firsts].tolist()
        entity_ends = ends[decoded.lasts].tolist()
        labels = [self.labels[label] for label in decoded.labels.tolist()]
        scores = decoded.entity_scores.tolist()
        documents = []
        for number, text in enumerate(texts):
            entities = [
                Entity(text[start:end], label, start, end, score)
                for start, end, label, score in zip(
                    *(
                        values[entity_bounds[number] : entity_bounds[number + 1]]
                        for values in (entity_starts, entity_ends, labels, scores)
                    ),
                    strict=True,
                )
            ]
            part = slice(bounds[number], bounds[number + 1])
            documents.append(
                Document(
                    text, entities, self._tokens(text, starts[part], ends[part], decoded, part)
                )
            )
        return documents

    def _tokens(
        self, text: str, starts: np.ndarray, ends: np.ndarray, decoded: Decoded, part: slice
    ) -> Any:
        tags, scores = decoded.tags[part], decoded.scores[part]

        def tokens() -> list[Token]:
            names = [self.decoder.tag_names[tag] for tag in tags.tolist()]
            return tokens_from_arrays(text, starts, ends, names, scores)()

        return tokens


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
