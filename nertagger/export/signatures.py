"""The three signatures of the SavedModel, and how their outputs are laid out.

Every input is a vector, one string a row. Every output has the batch first; its rows are padded
with "", -1 or 0 to the longest of them, or to 1 where all are empty, and `count` says how many of a
row are meant. So the length of the padding, which depends on what was asked together, never changes
what a row says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from nertagger.export.decoding import Decoded, without_unlikely
from nertagger.export.name_agreement import agree
from nertagger.export.network import NetworkGraph
from nertagger.export.text_graph import Characters, TextGraph, Tokens, encode_spans, indices
from nertagger.export.token_inputs import TokenInputs
from nertagger.text.token_encoder import TokenEncoder

_CPU = "/CPU:0"
_TAB = 9


class Entities(NamedTuple):
    """The entities of all texts, [E] each.

    Attributes:
        firsts, lasts: int32, the first and the last token.
        starts, ends: int32, places among all code points.
        strings: as they stand in the text.
    """

    firsts: tf.Tensor
    lasts: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    strings: tf.Tensor


class Tagged(NamedTuple):
    """Texts, their tokens, what the network says of these, and the entities in them."""

    characters: Characters
    tokens: Tokens
    decoded: Decoded
    entities: Entities


class TaggerModule(tf.Module):
    """A tagger from strings to strings.

    Args:
        config: of the model.
        encoder: from tokens to numbers.
        tensors: the weights, by name.
        folder: for the originals of the assets; needed until the SavedModel is written.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        encoder: TokenEncoder,
        tensors: Mapping[str, np.ndarray],
        folder: Path,
    ) -> None:
        super().__init__(name="tagger")
        self._text = TextGraph()
        self._inputs = TokenInputs(encoder, folder)
        self._network = NetworkGraph(config, tensors)
        self._name_agreement = config.get("name_agreement", 0.0)
        self._least_score = config.get("least_score", 0.0)
        # The graph holds once what all signatures begin with.
        self._tag = _graph(self._tag_texts, "texts")
        # What is found here is saved.
        self.weights = self._network.variables
        self.tables = [self._text.abbreviations, self._text.openers, self._inputs.words]
        if self._inputs.vectors is not None:
            self.tables.append(self._inputs.vectors)

    def signatures(self) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
        """The functions to be saved, by the name under which they are asked."""
        return {
            "serving_default": _graph(self.entities, "text"),
            "tokens": _graph(self.tokens, "text"),
            "tagged_tokens": _graph(self.tagged_tokens, "tokens"),
        }

    def entities(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """The entities of texts, in the order of their starts."""
        tagged = self._tag(text)
        with tf.device(_CPU):
            characters, tokens, decoded, entities = tagged
            firsts, _, starts, ends, strings = entities
            labels = tf.gather(
                tf.constant(self._network.decoding.labels),
                tf.bitwise.right_shift(tf.gather(decoded.tags, firsts), 1),
            )
            splits = tf.searchsorted(firsts, tokens.text_offsets)
            scores = tf.gather(decoded.entity_scores, firsts)
            return {
                "entity": _rows(strings, splits, ""),
                "label": _rows(labels, splits, ""),
                **_places(characters, starts, ends, splits),
                "score": _rows(scores, splits, 0.0),
                "count": splits[1:] - splits[:-1],
            }

    def tokens(self, text: tf.Tensor) -> dict[str, tf.Tensor]:
        """The tokens of texts with their BIO tags."""
        tagged = self._tag(text)
        with tf.device(_CPU):
            characters, tokens, decoded, _ = tagged
            splits = tokens.text_offsets
            return {
                "token": _rows(tokens.strings, splits, ""),
                "tag": _rows(self._tag_names(decoded.tags), splits, ""),
                **_places(characters, tokens.starts, tokens.ends, splits),
                "score": _rows(decoded.scores, splits, 0.0),
                "count": splits[1:] - splits[:-1],
            }

    def tagged_tokens(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """The tags of the caller's own tokens, which a TAB separates; "" has none.

        Each is cut into tokens as any text is, and gets the tag and the score of its first piece;
        one of white space alone is O.
        """
        tagged = self._tag(tokens)
        with tf.device(_CPU):
            characters, pieces, decoded, _ = tagged
            # The line break that ends each text ends its last word.
            last = characters.text_starts[1:] - 1
            is_end = tf.tensor_scatter_nd_update(
                characters.codes == _TAB, last[:, None], last > characters.text_starts[:-1]
            )
            ends = indices(is_end)
            splits = tf.searchsorted(ends, characters.text_starts)
            after_previous = tf.concat([[0], ends + 1], axis=0)[: tf.size(ends)]
            # Empty texts, which have no word, may lie in between.
            text_of = tf.repeat(tf.range(tf.size(splits) - 1), splits[1:] - splits[:-1])
            starts = tf.maximum(after_previous, tf.gather(characters.text_starts, text_of))
            piece = tf.searchsorted(pieces.starts, starts)
            beyond = tf.concat([pieces.starts, characters.text_starts[-1:]], axis=0)
            has_piece = tf.gather(beyond, piece) < ends
            tags = tf.concat([decoded.tags, [0]], axis=0)
            scores = tf.concat([decoded.scores, [1.0]], axis=0)
            tags = tf.where(has_piece, tf.gather(tags, piece), 0)
            scores = tf.where(has_piece, tf.gather(scores, piece), 1.0)
            return {
                "tag": _rows(self._tag_names(tags), splits, ""),
                "score": _rows(scores, splits, 0.0),
                "count": splits[1:] - splits[:-1],
            }

    def _tag_texts(self, texts: tf.Tensor) -> Tagged:
        with tf.device(_CPU):
            characters = self._text.characters(texts)
            tokens = self._text.tokens(characters)
            offsets = self._text.sentence_offsets(characters, tokens)
            inputs = self._inputs.encode(characters, tokens.types)
            order = tf.argsort(offsets[1:] - offsets[:-1], direction="DESCENDING", stable=True)
            sizes = tokens.text_offsets[1:] - tokens.text_offsets[:-1]
            count = tf.size(sizes)
            text_of = tf.repeat(tf.range(count), sizes)
        decoded = self._network(inputs, tokens.type_of, offsets, order, text_of, count)
        with tf.device(_CPU):
            entities = _entities(characters, tokens, decoded)
            if self._name_agreement:
                decoded = agree(
                    decoded,
                    entities.firsts,
                    entities.lasts,
                    entities.strings,
                    tokens.strings,
                    tf.searchsorted(tokens.text_offsets, entities.firsts, side="right"),
                    len(self._network.decoding.labels),
                    self._name_agreement,
                )
            if self._least_score:
                decoded = without_unlikely(decoded, entities.firsts, self._least_score)
                kept = tf.gather(decoded.tags, entities.firsts) > 0
                entities = Entities(*(tf.boolean_mask(part, kept) for part in entities))
        return Tagged(characters, tokens, decoded, entities)

    def _tag_names(self, tags: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.constant(self._network.decoding.tag_names), tags)


def _graph(function: Callable[..., Any], argument: str) -> Any:
    """The function of a vector of strings as a graph.

    No Python control flow depends on a tensor here, and looking for some takes most of the time.
    """
    strings = tf.TensorSpec([None], tf.string, argument)
    return tf.function(function, input_signature=[strings], autograph=False)


def _entities(characters: Characters, tokens: Tokens, decoded: Decoded) -> Entities:
    odd = tf.bitwise.bitwise_and(decoded.tags, 1) > 0
    goes_on = (decoded.tags > 0) & ~odd
    firsts = indices(odd)
    next_goes_on = tf.concat([goes_on[1:], [False]], axis=0)[: tf.size(goes_on)]
    lasts = indices((decoded.tags > 0) & ~next_goes_on)
    starts, ends = tf.gather(tokens.starts, firsts), tf.gather(tokens.ends, lasts)
    return Entities(firsts, lasts, starts, ends, encode_spans(characters.codes, starts, ends))


def _places(
    characters: Characters, starts: tf.Tensor, ends: tf.Tensor, splits: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Spans counted from the beginning of their own text, as `start` and `end`."""
    shifts = tf.repeat(characters.text_starts[:-1], splits[1:] - splits[:-1])
    return {"start": _rows(starts - shifts, splits, -1), "end": _rows(ends - shifts, splits, -1)}


def _rows(values: tf.Tensor, splits: tf.Tensor, padding: Any) -> tf.Tensor:
    """[B, longest row, or 1], of values that lie one after another; `splits` int32 [B + 1]."""
    width = tf.reduce_max(tf.concat([[1], splits[1:] - splits[:-1]], axis=0))
    rows = tf.RaggedTensor.from_row_splits(values, splits, validate=False)
    return rows.to_tensor(padding, shape=tf.stack([tf.size(splits) - 1, width]))
