"""The linear-chain conditional random field as a Keras layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from nertagger.crf import equations
from nertagger.crf.equations import Chain


@keras.saving.register_keras_serializable(package="nertagger")
class CRF(keras.layers.Layer):
    """Holds the transitions between tags; its loss is the negative log-likelihood of a path.

    Called, it returns the emissions as they are: what they mean is in `log_likelihood` for training
    and in `viterbi` for tagging. It computes in float32 whatever the policy, since sums of
    exponentials do not survive half precision.

    Source: Lafferty, McCallum and Pereira (2001); the equations are in `nertagger.crf.equations`.

    Args:
        allowed_transitions: [K, K], whether a tag (row) may be followed by a tag (column); None
            allows all.
        allowed_start: [K], whether a sequence may begin with a tag.
        allowed_end: [K], whether a sequence may end with a tag.

    Call: emissions float [B, T, K], mask bool [B, T] -> emissions.
    """

    def __init__(
        self,
        allowed_transitions: Sequence[Sequence[bool]] | None = None,
        allowed_start: Sequence[bool] | None = None,
        allowed_end: Sequence[bool] | None = None,
        **kwargs: Any,
    ) -> None:
        # The policy of the moment, or the one in a saved configuration, is not for this layer.
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.supports_masking = True
        self.allowed_transitions = allowed_transitions
        self.allowed_start = allowed_start
        self.allowed_end = allowed_end

    def build(self, input_shape: Any) -> None:
        count = input_shape[-1]
        if count is None:
            raise ValueError(
                "CRF needs the number of tags: the last dimension of its input is None"
            )
        ones = [True] * count
        allowed = (
            [ones] * count if self.allowed_transitions is None else self.allowed_transitions,
            ones if self.allowed_start is None else self.allowed_start,
            ones if self.allowed_end is None else self.allowed_end,
        )
        names = ("transitions", "start", "end")
        shapes = ((count, count), (count,), (count,))
        for name, shape, values in zip(names, shapes, allowed, strict=True):
            received = _shape_of(values)
            if received != shape:
                raise ValueError(
                    f"allowed_{name} has shape {received}, but the emissions have {count} tags: "
                    f"expected {shape}"
                )
        self._allowed = Chain(*allowed)
        uniform = keras.initializers.RandomUniform(-0.1, 0.1)
        self.transitions = self.add_weight(shape=shapes[0], initializer=uniform, name="transitions")
        self.start = self.add_weight(shape=shapes[1], initializer="zeros", name="start")
        self.end = self.add_weight(shape=shapes[2], initializer="zeros", name="end")

    def call(self, emissions: Any, mask: Any = None) -> Any:
        return emissions

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def constrained(self) -> Chain:
        """The weights, with a large negative constant where the tag scheme forbids."""
        weights = Chain(
            *(ops.convert_to_tensor(w) for w in (self.transitions, self.start, self.end))
        )
        return equations.constrain(ops, weights, self._allowed)

    def log_likelihood(self, emissions: Any, tags: Any, mask: Any) -> Any:
        """log p(tags | emissions), [B]; 0 for a sequence without tokens.

        Its gradient is taken as what is known of it: observed counts less expected ones (Lafferty,
        McCallum and Pereira 2001, section 4), from one pass forward and one backward, instead of
        by differentiating through the recurrence.

        Args:
            emissions: [B, T, K].
            tags: int [B, T]; 0 <= tag < K.
            mask: bool [B, T], contiguous from the left.
        """
        emissions = ops.cast(emissions, "float32")
        tags = ops.cast(tags, "int32")
        mask = ops.cast(mask, "bool")
        chain = self.constrained()
        score = equations.path_score(ops, emissions, tags, mask, chain)
        return score - _log_partition(emissions, mask, chain)

    def set_log_likelihood(self, emissions: Any, allowed: Any, mask: Any) -> Any:
        """log of the probability of all paths through allowed tags, log Z' - log Z, [B].

        With one tag allowed a token it is `log_likelihood`; see `equations.restrict`.

        Args:
            emissions: [B, T, K].
            allowed: [B, T, K], 1 or True where the tag may be the right one; at least one a token.
            mask: bool [B, T], contiguous from the left.
        """
        emissions = ops.cast(emissions, "float32")
        mask = ops.cast(mask, "bool")
        # Both sums in one walk over time.
        restricted = equations.restrict(ops, emissions, allowed)
        both = ops.concatenate([restricted, emissions], axis=0)
        totals = _log_partition(both, ops.concatenate([mask, mask], axis=0), self.constrained())
        count = ops.shape(emissions)[0]
        return totals[:count] - totals[count:]

    def viterbi(self, emissions: Any, mask: Any) -> Any:
        """The most probable path, int32 [B, T]; 0 where the mask is False."""
        emissions = ops.cast(emissions, "float32")
        return equations.viterbi(ops, emissions, ops.cast(mask, "bool"), self.constrained())

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {
            "allowed_transitions": self.allowed_transitions,
            "allowed_start": self.allowed_start,
            "allowed_end": self.allowed_end,
        }


def _log_partition(emissions: Any, mask: Any, chain: Chain) -> Any:
    """log Z with its gradient: the marginals, and the expected number of each transition."""
    constant = ops.stop_gradient(emissions)
    constant_chain = Chain(*(ops.stop_gradient(part) for part in chain))
    alphas, betas = equations.messages(ops, constant, mask, constant_chain)
    expected = equations.marginals(ops, alphas, betas, mask)
    pairs = equations.expected_transitions(ops, constant, alphas, betas, mask, constant_chain)
    real = ops.cast(mask, "float32")
    is_last = real - ops.concatenate([real[:, 1:], ops.zeros_like(real[:, :1])], axis=1)
    linear = (
        ops.sum(emissions * expected, axis=(1, 2))
        + ops.sum(chain.transitions * pairs, axis=(1, 2))
        + ops.sum(chain.start * expected[:, 0], axis=1)
        + ops.sum(chain.end * ops.sum(expected * is_last[:, :, None], axis=1), axis=1)
    )
    value = equations.log_partition(ops, constant, betas, mask, constant_chain)
    return value + (linear - ops.stop_gradient(linear))


def _shape_of(values: Any) -> tuple[int, ...]:
    shape = []
    while isinstance(values, Sequence):
        shape.append(len(values))
        values = values[0] if values else None
    return tuple(shape)
