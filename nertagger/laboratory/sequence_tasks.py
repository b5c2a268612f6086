"""Two tasks with a dial for the distance over which something must be remembered.

**Remember** (after "I grew up in Sichuan … I speak fluent …"). One of `SYMBOLS` symbols, then
distractors, then a mark that asks for the symbol:

    x_t    one-hot [SYMBOLS + DISTRACTORS + 1]     t = 1 … T + 1; the mark is at T + 1
    loss   -log softmax(W h_{T+1} + b)[symbol]

In a test the symbol is at t = 1, T steps before the mark. In training it is there too, or anywhere
among the first T steps (`anywhere`), as the country in a text may be a few words back or many.

**The adding problem** (Hochreiter & Schmidhuber 1997, experiment 4; in this form Le, Jaitly &
Hinton 2015, section 4.1). T pairs of a number and a mark; the answer is the sum of the two marked
numbers, one in each half:

    x_t    (value, mark), value uniform in [0, 1), mark 0 or 1
    loss   (w·h_T + b - sum)²

Both scores are 1 at best. That of the first is the accuracy, 1 / SYMBOLS by guessing; that of the
second is the share of the sum's variance that is explained, 0 for who always answers 1.

Everything is drawn inside the compiled graph, from a seed of two integers, so that a batch costs
no trip to Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

SYMBOLS = 4
DISTRACTORS = 4
# The variance of the sum of two numbers that are uniform in [0, 1).
SUM_VARIANCE = 1 / 6


@dataclass(frozen=True)
class SequenceTask:
    """A task, for any distance.

    Attributes:
        inputs: D, the features of a step.
        outputs: of the network, at the last step.
        guessing: the score of who knows the task and not the sequence.
        draw: `draw(count, distance, seed, anywhere)`: sequences [count, steps, D] and answers
            [count]; seed is int32 [2], anywhere a boolean scalar.
        steps: the length of the sequences of a distance.
        loss: `loss(answers, outputs)`, a scalar.
        score: `score(answers, outputs)`, a scalar, at most 1.
    """

    inputs: int
    outputs: int
    guessing: float
    draw: Callable[[int, int, tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
    steps: Callable[[int], int]
    loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    score: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def _draw_remember(
    count: int, distance: int, seed: tf.Tensor, anywhere: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    symbols = _integers((count, 1), seed, 0, SYMBOLS)
    distractors = _integers((count, distance), seed + [0, 1], SYMBOLS, SYMBOLS + DISTRACTORS)
    places = _integers((count, 1), seed + [0, 2], 0, distance) * tf.cast(anywhere, tf.int32)
    shown = tf.where(tf.range(distance) == places, symbols, distractors)
    mark = tf.fill((count, 1), SYMBOLS + DISTRACTORS)
    return tf.one_hot(tf.concat([shown, mark], 1), SYMBOLS + DISTRACTORS + 1), symbols[:, 0]


def _draw_adding(
    count: int, distance: int, seed: tf.Tensor, anywhere: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    values = tf.random.stateless_uniform((count, distance), seed)
    first = _integers((count,), seed + [0, 1], 0, distance // 2)
    second = _integers((count,), seed + [0, 2], distance // 2, distance)
    marks = tf.one_hot(first, distance) + tf.one_hot(second, distance)
    return tf.stack([values, marks], axis=-1), tf.reduce_sum(values * marks, axis=1)


def _integers(shape: tuple[int, ...], seed: tf.Tensor, low: int, high: int) -> tf.Tensor:
    """Uniform in low … high - 1."""
    return tf.random.stateless_uniform(shape, seed, low, high, tf.int32)


def _cross_entropy(answers: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(answers, outputs))


def _accuracy(answers: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    chosen = tf.argmax(outputs, axis=1, output_type=tf.int32)
    return tf.reduce_mean(tf.cast(chosen == answers, tf.float32))


def _squared_error(answers: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(outputs[:, 0] - answers))


def _explained(answers: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    return 1 - _squared_error(answers, outputs) / SUM_VARIANCE


TASKS: dict[str, SequenceTask] = {
    "remember": SequenceTask(
        inputs=SYMBOLS + DISTRACTORS + 1,
        outputs=SYMBOLS,
        guessing=1 / SYMBOLS,
        draw=_draw_remember,
        steps=lambda distance: distance + 1,
        loss=_cross_entropy,
        score=_accuracy,
    ),
    "adding": SequenceTask(
        inputs=2,
        outputs=1,
        guessing=0.0,
        draw=_draw_adding,
        steps=lambda distance: distance,
        loss=_squared_error,
        score=_explained,
    ),
}
"""By name."""
