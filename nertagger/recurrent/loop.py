"""The loop over time. The one file that reaches for the loop inside Keras's own RNN layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from keras.src import backend

from nertagger.recurrent.equations import Array, States


def run(
    step: Callable[[Array, Sequence[Array]], States],
    sequence: Array,
    initial_states: Sequence[Array],
    mask: Array | None = None,
    go_backwards: bool = False,
    unroll: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
):
    def rnn_step(x_t, states):
        new = step(x_t, states)
        return new[0], list(new)

    return backend.rnn(
        rnn_step,
        sequence,
        initial_states,
        go_backwards=go_backwards,
        mask=mask,
        unroll=unroll,
        input_length=sequence.shape[1],
        zero_output_for_mask=zero_output_for_mask,
        return_all_outputs=return_all_outputs,
    )
