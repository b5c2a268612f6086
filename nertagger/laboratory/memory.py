"""How far back each cell can reach: the score against the distance, at equal parameters.

What a cell needs in order to learn something over T steps is a gradient that gets there. With the
symbols of `recurrent/equations.py`, for the simple cell and for the cell state of an LSTM:

    ∂h_T/∂h_1 = Π_t diag(g'(a_t)) W_aaᵀ      g' < 1 wherever h_t has left 0: it fades
    ∂c_T/∂c_1 = Π_t diag(f_t) + …            stays 1 where the forget gate is open

and f_t starts at σ(b_f): with b_f = 1 that is 0.73 a step, 0.73⁴⁰ = 3·10⁻⁶. So the gates too must
first learn to be open; they do as soon as some examples are near enough to learn from. `CONDITIONS`
sets these cases side by side: the distance varied in training, or not; and gates that start open
for as long as the distance is (Tallec & Ollivier 2018, Can recurrent neural networks warp time?,
section 3), with u uniform in [1, T):

    b_f = log u,  b_i = -log u;  in the GRU, whose z takes the candidate in, b_z = -log u
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from nertagger.laboratory.memory_picture import draw_memory
from nertagger.laboratory.parameters import cell_parameters, units_for
from nertagger.laboratory.result import Result
from nertagger.laboratory.sequence_tasks import TASKS
from nertagger.laboratory.workbench import Workbench
from nertagger.recurrent.equations import CELLS
from nertagger.recurrent.layers import LAYERS

BATCH = 64
TEST = 1024
LEARNING_RATE = 0.01
CLIP_NORM = 1.0
# Training stops at this score, tested every so many steps.
SOLVED = 0.95
STEPS_BETWEEN_TESTS = 50
# A distance is within reach where the mean score of the seeds is at least this.
REACHED = 0.9
# The seeds of tests, which those of training never reach.
_TEST_SEED = 1_000_000


@dataclass(frozen=True)
class Condition:
    """What is learnt, and from where.

    Attributes:
        task: in `TASKS`.
        anywhere: whether the symbol's place varies in training.
        open_gates: whether the gates start open for as long as the distance is.
        title: for the picture.
    """

    task: str
    anywhere: bool
    open_gates: bool
    title: str


CONDITIONS: dict[str, Condition] = {
    "remember": Condition("remember", True, False, "Remember a symbol"),
    "adding": Condition("adding", True, False, "Add two numbers"),
    "always-far": Condition("remember", False, False, "Remember, always from afar"),
    "open-gates": Condition("remember", False, True, "…and the gates start open"),
}
"""By name, in the order of the picture."""


class Learner:
    """A cell on a task at one distance: compiled once, trained from as many seeds as one likes.

    Args:
        task: in `TASKS`.
        cell: in `CELLS`.
        distance: T.
        parameters: that the cell may have.
    """

    def __init__(self, task: str, cell: str, distance: int, parameters: int) -> None:
        self.task, self.cell, self.distance = TASKS[task], cell, distance
        self.units = units_for(cell, self.task.inputs, parameters)
        self.network = self._network(seed=0)
        self.optimizer = keras.optimizers.Adam(LEARNING_RATE, global_clipnorm=CLIP_NORM)
        self.optimizer.build(self.network.trainable_variables)
        self._fresh_optimizer = [variable.numpy() for variable in self.optimizer.variables]
        # The loop over time is hundreds of tiny operations, which XLA compiles into one.
        self._train = tf.function(self._steps_and_test, jit_compile=True)

    def learn(
        self, seed: int, max_steps: int, anywhere: bool = True, open_gates: bool = False
    ) -> dict[str, Any]:
        """Trains until `SOLVED`, or for so many steps.

        Returns:
            "score" at the full distance on sequences that were never trained on, at least 0; and
            "steps", the number that was trained.
        """
        fresh = self._network(seed)
        if open_gates:
            layer = fresh.layers[1]
            layer.cell.bias.assign(open_gate_bias(self.cell, self.units, self.distance, seed))
        self.network.set_weights(fresh.get_weights())
        for variable, value in zip(self.optimizer.variables, self._fresh_optimizer, strict=True):
            variable.assign(value)
        score, steps = 0.0, 0
        while steps < max_steps and score < SOLVED:
            score = float(self._train(tf.constant([steps, seed]), tf.constant(anywhere)))
            score = max(score, 0.0) if math.isfinite(score) else 0.0
            steps += STEPS_BETWEEN_TESTS
        return {"score": score, "steps": steps}

    def _network(self, seed: int) -> keras.Model:
        kinds, seed = keras.initializers, 10 * seed
        layer = LAYERS[self.cell](
            self.units,
            kernel_initializer=kinds.GlorotUniform(seed),
            recurrent_initializer=kinds.Orthogonal(seed=seed + 1),
        )
        head = keras.layers.Dense(
            self.task.outputs, kernel_initializer=kinds.GlorotUniform(seed + 2)
        )
        inputs = keras.Input((self.task.steps(self.distance), self.task.inputs))
        return keras.Model(inputs, head(layer(inputs)))

    def _steps_and_test(self, start: tf.Tensor, anywhere: tf.Tensor) -> tf.Tensor:
        """Trains `STEPS_BETWEEN_TESTS` steps and returns the score of a test."""
        task, variables = self.task, self.network.trainable_variables
        for step in tf.range(STEPS_BETWEEN_TESTS):
            seed = start + tf.stack([step, 0])
            # The seed of a run is its second number; those of its draws lie beside it.
            inputs, answers = task.draw(BATCH, self.distance, seed * [1, 10], anywhere)
            with tf.GradientTape() as tape:
                loss = task.loss(answers, self.network(inputs, training=True))
            self.optimizer.apply(tape.gradient(loss, variables), variables)
        test_seed = tf.constant([_TEST_SEED, 0])
        inputs, answers = task.draw(TEST, self.distance, test_seed, tf.constant(False))
        return task.score(answers, self.network(inputs))


def open_gate_bias(cell: str, units: int, distance: int, seed: int) -> np.ndarray:
    """The bias [nH] of gates that start open for 1 to `distance` steps (Tallec & Ollivier 2018).

    Raises:
        ValueError: the cell has no gate that could be open.
    """
    gates = CELLS[cell].gates
    if "forget" not in gates and "update" not in gates:
        raise ValueError(f"{cell} has no forget gate and no update gate")
    span = np.random.default_rng(seed).uniform(1, max(distance, 2), units)
    by_gate = {"forget": np.log(span), "input": -np.log(span), "update": -np.log(span)}
    return np.concatenate([by_gate.get(gate, np.zeros(units)) for gate in gates])


def run_memory(
    workbench: Workbench,
    cells: Sequence[str],
    distances: Sequence[int],
    seeds: int,
    parameters: int,
    max_steps: int,
) -> Result:
    """Trains every cell at every distance under every condition.

    Where none of the seeds has come to `REACHED` at two distances in a row, a cell is not tried at
    farther ones under that condition.

    Args:
        workbench: where the parts are kept.
        cells: names in `CELLS`.
        distances: T, rising.
        seeds: trainings of each kind.
        parameters: of a cell.
        max_steps: of a training; a failure takes all of them.
    """
    conditions = {
        cell: [name for name, kind in CONDITIONS.items() if not kind.open_gates or _gated(cell)]
        for cell in cells
    }
    parts = sum(map(len, conditions.values())) * len(distances) * seeds
    workbench.expect(parts)
    learner_of = functools.lru_cache(maxsize=len(TASKS))(Learner)

    def learn(name: str, cell: str, distance: int, seed: int) -> dict[str, Any]:
        condition = CONDITIONS[name]
        learner = learner_of(condition.task, cell, distance, parameters)
        return learner.learn(seed, max_steps, condition.anywhere, condition.open_gates)

    runs: dict[str, dict[str, list[dict[str, Any]]]] = {name: {} for name in CONDITIONS}
    for distance in distances:
        for cell in cells:
            for name in conditions[cell]:
                rows = runs[name].setdefault(cell, [])
                if _given_up(rows):
                    parts -= seeds
                    workbench.expect(parts)
                    continue
                trained = [
                    workbench.part(
                        f"{name}, {cell}, {distance} steps, seed {seed}",
                        functools.partial(learn, name, cell, distance, seed),
                    )
                    for seed in range(workbench.seed, workbench.seed + seeds)
                ]
                rows.append(
                    {
                        "distance": distance,
                        "scores": [run["score"] for run in trained],
                        "steps": [run["steps"] for run in trained],
                    }
                )
    reaches = {
        name: {cell: reach(rows) for cell, rows in by_cell.items()}
        for name, by_cell in runs.items()
    }
    sizes = {cell: _sizes(cell, parameters) for cell in cells}
    return Result(
        finding=finding(reaches, max(distances)),
        table=[
            {
                "cell": cell,
                "units": " and ".join(str(size["units"]) for size in sizes[cell].values()),
                **{f"{name}, steps": reaches[name].get(cell) for name in CONDITIONS},
            }
            for cell in cells
        ],
        numbers={
            "cells": sizes,
            "seeds": seeds,
            "max_steps": max_steps,
            "runs": runs,
            "reach": reaches,
        },
        pictures={"memory": draw_memory(runs, CONDITIONS, seeds, parameters)},
    )


def _sizes(cell: str, parameters: int) -> dict[str, dict[str, int]]:
    """The units and parameters of a cell, by task."""
    sizes = {}
    for name, task in TASKS.items():
        units = units_for(cell, task.inputs, parameters)
        sizes[name] = {"units": units, "parameters": cell_parameters(cell, task.inputs, units)}
    return sizes


def reach(rows: Sequence[dict[str, Any]]) -> int:
    """The distance up to which the mean score stays at `REACHED` or above; 0 where none is."""
    reached = 0
    for row in rows:
        if sum(row["scores"]) / len(row["scores"]) < REACHED:
            break
        reached = row["distance"]
    return reached


def _given_up(rows: Sequence[dict[str, Any]]) -> bool:
    failed = [max(row["scores"]) < REACHED for row in rows]
    return len(failed) >= 2 and all(failed[-2:])


def finding(reaches: dict[str, dict[str, int]], farthest: int) -> str:
    """The reaches in words."""

    def steps(name: str, gated: bool) -> str:
        values = [value for cell, value in reaches[name].items() if _gated(cell) == gated]
        if not values:
            return "no"
        few, many = min(values), max(values)
        most = f"all {many}" if few == many == farthest else f"{many}"
        return most if few == many else f"{few} to {most}"

    remembered, added = steps("remember", True), steps("adding", True)
    gated = f"both over {added}" if remembered == added else f"so over {remembered} and {added}"
    return (
        f"A simple RNN remembers a symbol over {steps('remember', False)} steps and adds two "
        f"numbers over {steps('adding', False)}; cells with gates do {gated}. Where "
        "every example of the training is as far as the test, the simple RNN reaches "
        f"{steps('always-far', False)} and the gates, open for a few steps at first, "
        f"{steps('always-far', True)}; gates that start open for as long as the distance, "
        f"{steps('open-gates', True)}."
    )


def _gated(cell: str) -> bool:
    return len(CELLS[cell].gates) > 1
