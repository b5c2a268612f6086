"""Binary sums as sequences: two bits in and one out at every step, the least significant first.

A sum of n-bit numbers takes n + 1 steps; at the last both inputs are 0 and the answer is the carry.
Arrays of bits hold 0.0 and 1.0, with the steps on the last axis but one for inputs:

    inputs   [B, n + 1, 2]     bit t of a and of b
    answers  [B, n + 1]        bit t of a + b
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def bits_of(number: int, steps: int) -> list[int]:
    """The bits of a number from 0 up, the least significant first.

    Raises:
        ValueError: it is negative, or has more bits than there are steps.
    """
    if number < 0 or number.bit_length() > steps:
        raise ValueError(f"{number} is no number of at most {steps} bits")
    return [number >> step & 1 for step in range(steps)]


def number_of(bits: Array) -> int:
    """The number that the bits are of, the least significant first; from one half up is a 1."""
    return sum(1 << step for step, bit in enumerate(bits) if bit >= 0.5)


def all_sums(bits: int) -> tuple[Array, Array]:
    """Every pair of numbers of so many bits: inputs [4^bits, bits + 1, 2] and answers."""
    numbers = np.arange(2**bits)
    a, b = (pair.ravel() for pair in np.meshgrid(numbers, numbers, indexing="ij"))
    steps = np.arange(bits + 1)

    def sequences(of: Array) -> Array:
        return (of[:, None] >> steps & 1).astype(float)

    return np.stack([sequences(a), sequences(b)], axis=-1), sequences(a + b)


def random_sums(count: int, bits: int, random: np.random.Generator) -> tuple[Array, Array]:
    """Pairs of random numbers of so many bits, of any size: inputs and answers."""
    inputs = np.zeros((count, bits + 1, 2))
    inputs[:, :bits] = random.integers(0, 2, (count, bits, 2))
    return inputs, sums_of(inputs)


def longest_carry(bits: int) -> tuple[Array, Array]:
    """2^bits - 1 and 1, whose carry goes through every bit: inputs [1, bits + 1, 2] and answers."""
    inputs = np.zeros((1, bits + 1, 2))
    inputs[0, :bits, 0] = 1
    inputs[0, 0, 1] = 1
    return inputs, sums_of(inputs)


def sums_of(inputs: Array) -> Array:
    """The answers [B, T] to inputs [B, T, 2], bit by bit with a carry."""
    carry = np.zeros(len(inputs))
    answers = np.empty(inputs.shape[:2])
    for step in range(inputs.shape[1]):
        ones = inputs[:, step].sum(axis=-1) + carry
        answers[:, step] = ones % 2
        carry = ones // 2
    return answers


def wrong_sums(answers: Array, outputs: Array) -> Array:
    """Which sums [B] have a wrong bit, an output of one half or more being a 1."""
    return ((outputs >= 0.5) != (answers >= 0.5)).any(axis=1)


def written_out(a: int, b: int, outputs: Array) -> str:
    """a + b = c in three lines of bits, the most significant first, and whether it is right."""
    steps = len(outputs)
    c = number_of(outputs)
    digits = len(str(max(a + b, c)))
    verdict = "right" if c == a + b else f"wrong: it is {a + b}"
    return "\n".join(
        f"{sign} {number:0{steps}b}  {number:{digits}d}{end}"
        for sign, number, end in ((" ", a, ""), ("+", b, ""), ("=", c, f"  {verdict}"))
    )
