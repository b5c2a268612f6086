"""What the encoder is told of each token, which depends on the token alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nertagger.recurrent import numpy_ops
from nertagger.runtime.document_context import DocumentContext
from nertagger.text.token_encoder import TokenEncoder
from nertagger.text.vector_packing import PackedVectors, unpack


class TokenFeatures:
    """Computes the features of tokens: words, characters, vectors and case, side by side.

    Args:
        architecture: the model's, plain values.
        tensors: its weights, by name.
        encoder: from tokens to numbers.

    Attributes:
        context: what the document is about; None where the model is not told.
    """

    def __init__(
        self,
        architecture: Mapping[str, Any],
        tensors: Mapping[str, np.ndarray],
        encoder: TokenEncoder,
    ) -> None:
        self._encoder = encoder
        self._words = tensors.get("embedding.word")
        self._vectors = None
        if architecture["vector_count"]:
            self._vectors = PackedVectors(
                tensors["vectors.codes"],
                tensors["vectors.scales"],
                architecture["vector_dimension"],
            )
        self.context = None
        if architecture.get("context_dimension"):
            self.context = DocumentContext(
                numpy_ops,
                tensors["context.kernel"],
                tensors["context.bias"],
                architecture["context_skipped"],
            )
        self._case_count = architecture["case_count"]
        self._characters = None
        if architecture["character_encoding"] == "convolution":
            self._characters = CharacterConvolution(
                tensors["embedding.character"],
                tensors["character.convolution.kernel"],
                tensors["character.convolution.bias"],
            )

    def __call__(self, tokens: Sequence[str]) -> tuple[np.ndarray, np.ndarray | None]:
        """The features, float32 [N, D], and the tokens' shares in what their document is about.

        With one-hot words the first feature is the word's index. For the shares see
        `DocumentContext`; None where there is no context.
        """
        inputs = self._encoder.encode(tokens)
        words = inputs["words"]
        shares = None
        parts = [words[:, None] if self._words is None else self._words[words]]
        if self._characters is not None:
            parts.append(self._characters(inputs["characters"]))
        if self._vectors is not None:
            codes, scales, dimension = self._vectors
            rows = inputs["vectors"]
            parts.append(unpack(numpy_ops, codes[rows], scales[rows], dimension))
            if self.context is not None:
                shares = self.context.shares(rows, parts[-1])
        if self._case_count:
            parts.append(inputs["case"][:, None] == np.arange(1, self._case_count))
        features = np.empty((len(words), sum(part.shape[1] for part in parts)), np.float32)
        np.concatenate(parts, axis=1, out=features, casting="unsafe")
        return features, shares

    def in_document(self, tokens: Sequence[str]) -> np.ndarray:
        """All that the encoder is told of the tokens of one document, float32 [N, D + C]."""
        features, shares = self(tokens)
        if self.context is None or shares is None:
            return features
        context = self.context.of_sums(shares.sum(axis=0, keepdims=True))
        return np.concatenate([features, context.repeat(len(features), axis=0)], axis=1)


class CharacterConvolution:
    """A token's characters, convolved and pooled: tanh(max_j (E[c] * K + b)_j).

    Source: Ma and Hovy (2016), section 2.1; dos Santos and Zadrozny (2014), equation 2. The maximum
    is over the positions of real characters; beyond them the convolution sees zeros.

    The product of every character with every place of the filter is one small matrix product, made
    when the model is loaded; a convolution is then a sum of its rows.

    Args:
        embedding: [characters, e].
        kernel: [width, e, F].
        bias: [F].
    """

    def __init__(self, embedding: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> None:
        self._products = np.stack([embedding @ place for place in kernel])
        # Character 0 is padding: it adds nothing.
        self._products[:, 0] = 0
        self._bias = bias

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """[N, C], 0 where there is no character -> [N, F]; 0 for a token without characters."""
        lengths = (ids != 0).sum(axis=1)
        # The longest first, so that the tokens that reach a place are the first ones.
        order = (-lengths).argsort(kind="stable")
        lengths = lengths[order]
        width, longest = len(self._products), int(lengths.max(initial=0))
        before = (width - 1) // 2
        characters = np.zeros((longest + width - 1, len(ids)), np.intp)
        characters[before : before + longest] = ids[order, :longest].T
        counts = len(ids) - lengths[::-1].searchsorted(np.arange(longest), side="right")
        pooled = np.full((len(ids), len(self._bias)), -np.inf, np.float32)
        convolved, product = np.empty_like(pooled), np.empty_like(pooled)
        for place, count in enumerate(counts.tolist()):
            near = characters[place : place + width, :count]
            here, part, highest = convolved[:count], product[:count], pooled[:count]
            self._products[0].take(near[0], 0, here, "clip")
            for table, column in zip(self._products[1:], near[1:], strict=True):
                here += table.take(column, 0, part, "clip")
            np.maximum(highest, here, highest)
        pooled += self._bias
        np.tanh(pooled, pooled)
        pooled[len(ids) - lengths[::-1].searchsorted(0, side="right") :] = 0
        features = np.empty_like(pooled)
        features[order] = pooled
        return features
