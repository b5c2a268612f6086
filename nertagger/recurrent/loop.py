"""The loop over time. The one file that reaches for the loop inside Keras's own RNN layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops
from keras.src import backend

from nertagger.recurrent.equations import Array, States

_MANY_STEPS = 2**31 - 1


def time_major(x: Array, go_backwards: bool = False) -> Array:
    """[B, T, …] turned to [T, B, …], in the order in which a layer reads the time steps."""
    x = ops.swapaxes(x, 0, 1)
    return ops.flip(x, axis=0) if go_backwards else x


def run(
    step: Callable[[Array, Sequence[Array]], States],
    inputs: Array,
    initial_states: Sequence[Array],
    mask: Array | None = None,
    zero_output_for_mask: bool = False,
    unroll: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Array, Array, list[Array]]:
    """Applies `step` to one time step after another.

    A masked step leaves every state as it is. Since the output is the first state, the output
    needs no mask of its own inside the loop, where each operation on [B, H] costs its share: the
    previous output is then repeated by itself, and zeros are put in afterwards, all at once.

    Args:
        step: from x_t [B, F] and the states to the new states, the first of which is the output.
        inputs: [T, B, F].
        initial_states: each [B, H].
        mask: bool [T, B], or None; False masks a step.
        zero_output_for_mask: whether the output at a masked step is 0. Otherwise it is the one
            before it, or 0 where there is none, as in Keras's layers.
        unroll: whether to write the loop out.
        return_all_outputs: whether every output is wanted, or the last alone.

    Returns:
        The last output [B, H]; the outputs [B, T, H], or [B, 1, H]; the last states.
    """
    # Without a known length the backend would take the length from the wrong axis.
    length = inputs.shape[0] or _MANY_STEPS
    loop_inputs: Any = inputs
    if mask is not None:
        mask = ops.cast(mask, "bool")[..., None]
        loop_inputs = (inputs, mask)

    def loop_step(inputs_t: Any, states: Sequence[Array]) -> tuple[Array, list[Array]]:
        if mask is None:
            new = list(step(inputs_t, states))
        else:
            x_t, kept = inputs_t
            pairs = zip(step(x_t, states), states, strict=True)
            new = [ops.where(kept, new_state, state) for new_state, state in pairs]
        return new[0], new

    last_output, outputs, states = backend.rnn(
        loop_step,
        loop_inputs,
        list(initial_states),
        unroll=unroll,
        input_length=length,
        time_major=True,
        return_all_outputs=return_all_outputs,
    )
    if mask is not None:
        shown = mask if zero_output_for_mask else ops.cumsum(ops.cast(mask, "int32"), axis=0) > 0
        last_output = ops.where(shown[-1], last_output, 0.0)
        outputs = ops.where(shown if return_all_outputs else shown[-1:], outputs, 0.0)
    return last_output, ops.swapaxes(outputs, 0, 1), list(states)
