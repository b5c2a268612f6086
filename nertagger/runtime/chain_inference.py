"""What a linear chain says of many sentences: their best paths and the probabilities of tags.

The equations are those of `nertagger.crf.equations`, whose notation this file shares. Two things
make them fast here.

The messages are kept as exponentials, scaled to a sum of 1 every few steps (Rabiner 1989, section
V.A), and both recurrences visit only the sentences that have not ended. Where float32 does not hold
such numbers, the shared equations, which compute with logarithms, take over.

The best path is mostly known without Viterbi's recurrence. Take any path, of probability p. No path
with the tag j at t is more probable than all of them together, p(y_t = j); where that is below p
for every tag but one, the best path has this one. What lies between tags so settled is independent
of the rest, and Viterbi's recurrence walks that alone: with a trained model, two tokens of a
hundred.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nertagger.crf import equations
from nertagger.crf.equations import FORBIDDEN, Chain
from nertagger.recurrent import numpy_ops

_SCALED_EVERY = 4
_LARGEST_LOGARITHM = 46.0
"""Of a sum, up or down; in smaller sums than 10^-20 the terms that float32 loses might matter."""

_SAFETY = 0.9
_ROUNDING = 1e-5
"""A probability x is taken to be below p if x + _ROUNDING < _SAFETY · p: both are rounded."""

_LIKELY = 0.9
"""Tags so probable are not walked at first."""

_RUNS_AT_ONCE = 64


class Layout(NamedTuple):
    """Where the tokens of sentences are that lie one after another.

    Attributes:
        lengths: of the sentences, falling, none 0, int [S].
        begins: the first token of each, int [S].
        rows: the sentence of each token, int [N].
        times: the token's place in it, int [N].
    """

    lengths: np.ndarray
    begins: np.ndarray
    rows: np.ndarray
    times: np.ndarray

    @classmethod
    def of(cls, lengths: np.ndarray) -> Layout:
        """That of sentences of these lengths."""
        begins = lengths.cumsum() - lengths
        rows = np.arange(len(lengths)).repeat(lengths)
        return cls(lengths, begins, rows, np.arange(len(rows)) - begins[rows])


class _Messages(NamedTuple):
    """What both recurrences say of tokens.

    Attributes:
        marginals: p(y_t = j), [N, K].
        betas: β_t, up to a factor of each token's own, [N, K].
        norms: log of what Σ_j exp(A(i, j) + e_t(j)) β_t(j) is divided by to be β_{t-1}(i), [N].
        are_logarithms: whether the betas are; exponentials otherwise.
    """

    marginals: np.ndarray
    betas: np.ndarray
    norms: np.ndarray
    are_logarithms: bool


class ChainInference:
    """Finds the best paths through sentences, and the probabilities of their tags.

    Args:
        chain: of K tags, float32.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        with np.errstate(over="ignore"):
            forwards = np.exp(chain.transitions)
            self._steps = np.stack([forwards, forwards.T])
            self._boundaries = np.exp(np.stack([chain.start, chain.end]))[:, None]
        self._ones = np.ones(len(forwards), np.float32)

    def __call__(self, emissions: np.ndarray, layout: Layout) -> Inferred:
        """What the chain says of sentences.

        Args:
            emissions: of their tokens, float32 [N, K].
            layout: of the sentences.
        """
        # What overflows or is divided by 0 is found out afterwards.
        with np.errstate(all="ignore"):
            messages = self._exponentials(emissions, layout)
            if messages is None:
                messages = self._logarithms(emissions, layout)
            return Inferred(self._chain, emissions, layout, messages)

    def _exponentials(self, emissions: np.ndarray, layout: Layout) -> _Messages | None:
        """The messages as exponentials; None where float32 does not hold them."""
        lengths, _, rows, times = layout
        number, count = emissions.shape
        weights = np.exp(emissions)
        totals = weights @ self._ones
        weights *= (1 / totals)[:, None]

        # At each time, first all sentences from the left, then all from the right.
        counts = np.bincount(times)
        before = 2 * (counts.cumsum() - counts)
        forwards = before[times] + rows
        backwards = (before + counts)[lengths[rows] - 1 - times] + rows
        visited = np.empty(2 * number, np.intp)
        visited[forwards] = visited[backwards] = np.arange(number)
        by_time = weights.take(visited, 0)

        passed = np.empty_like(by_time)
        scales = np.ones(2 * number, np.float32)
        message = self._boundaries
        begin = 0
        for t, alive in enumerate(counts.tolist()):
            end = begin + 2 * alive
            here = passed[begin:end].reshape(2, alive, count)
            # Sentences that have ended are the last ones.
            if t:
                numpy_ops.matmul(message[:, :alive], self._steps, here)
            else:
                here[:] = message
            if t % _SCALED_EVERY == _SCALED_EVERY - 1:
                sums = here @ self._ones
                scales[begin:end] = sums.reshape(-1)
                here *= (1 / sums)[:, :, None]
            message = here * by_time[begin:end].reshape(2, alive, count)
            begin = end

        betas, marginals = passed.take(backwards, 0), passed.take(forwards, 0)
        marginals *= weights
        marginals *= betas
        sums = marginals @ self._ones
        marginals *= (1 / sums)[:, None]
        logs = np.log(np.concatenate([totals, scales, sums]))
        # Written so that what is not a number is not held.
        if not np.maximum.reduce(np.abs(logs)) < _LARGEST_LOGARITHM:
            return None
        norms = logs[:number]
        norms[1:] += logs[number : 3 * number].take(backwards[:-1])
        return _Messages(marginals, betas, norms, False)

    def _logarithms(self, emissions: np.ndarray, layout: Layout) -> _Messages:
        """The messages by the shared equations, which hold any numbers."""
        lengths = layout.lengths
        mask = np.arange(lengths[0]) < lengths[:, None]
        padded = np.zeros((*mask.shape, emissions.shape[1]), np.float32)
        padded[mask] = emissions
        alphas, betas = equations.messages(numpy_ops, padded, mask, self._chain)
        marginals = equations.marginals(numpy_ops, alphas, betas, mask)[mask]
        betas = betas[mask]
        return _Messages(marginals, betas, (emissions + betas).max(axis=1), True)


class Inferred:
    """Of N tokens, the best paths through their sentences, and the probabilities of tags.

    Attributes:
        path: the tags, int [N].
        marginals: p(y_t = j), float32 [N, K].
        chosen: p(y_t) along the path, float32 [N].
        log_steps: log p(y_t | y_{t-1}) along the path; where a sentence begins, log p(y_t);
            float32 [N].
    """

    def __init__(
        self, chain: Chain, emissions: np.ndarray, layout: Layout, messages: _Messages
    ) -> None:
        self._chain = chain
        self._emissions = emissions
        self._layout = layout
        self._messages = messages
        self.marginals = messages.marginals
        self.path = self.marginals.argmax(axis=1)
        self.chosen = np.empty(len(self.path), np.float32)
        self.log_steps = np.empty_like(self.chosen)
        self._measure(np.arange(len(self.path)))
        unsettled = self._unsettled()
        if unsettled.any():
            self._settle(unsettled)

    def log_conditionals(
        self, tokens: np.ndarray, previous: np.ndarray, tags: np.ndarray
    ) -> np.ndarray:
        """log p(y_t = j | y_{t-1} = i) for t = `tokens`, i = `previous`, j = `tags`, int [n] each.

        As `equations.conditional_log_probabilities`. Of a sentence's first token it says nothing.
        """
        count = self.marginals.shape[1]
        here = tokens * count + tags
        later = self._messages.betas.take(here)
        origin = self._messages.betas.take((tokens - 1) * count + previous)
        if not self._messages.are_logarithms:
            later, origin = np.log(later), np.log(origin)
        later += self._emissions.take(here)
        later -= self._messages.norms[tokens]
        return self._chain.transitions.take(previous * count + tags) + later - origin

    def _measure(self, tokens: np.ndarray) -> None:
        """Computes `chosen` and `log_steps` of these tokens."""
        path = self.path
        tags = path[tokens]
        chosen = self.marginals.take(tokens * self.marginals.shape[1] + tags)
        steps = self.log_conditionals(tokens, path[tokens - 1], tags)
        steps = np.where(self._layout.times[tokens] == 0, np.log(chosen), steps)
        self.chosen[tokens] = chosen
        # Of what is too improbable for float32 sums are taken too.
        self.log_steps[tokens] = np.fmax(steps, FORBIDDEN)

    def _unsettled(self) -> np.ndarray:
        """The tokens at which the best path may have another tag than `path`, bool [N].

        Where float32 does not hold exponentials, nothing is settled.
        """
        if self._messages.are_logarithms:
            return np.ones(len(self.path), bool)
        logs = np.add.reduceat(self.log_steps, self._layout.begins, dtype=np.float64)
        least = _SAFETY * np.exp(logs) - _ROUNDING
        # All other tags together, and one by one where that does not suffice.
        unsettled = self.chosen <= (1 - least)[self._layout.rows]
        tokens = unsettled.nonzero()[0]
        if len(tokens):
            others = self.marginals[tokens]
            others[np.arange(len(tokens)), self.path[tokens]] = 0
            unsettled[tokens] = others.max(axis=1) >= least[self._layout.rows[tokens]]
        return unsettled

    def _settle(self, unsettled: np.ndarray) -> None:
        """Makes `path` the best path.

        The most probable tags need not be a path that the chain allows. A first walk over the
        doubtful ones of them makes it a good path; what this does not settle is walked again.
        """
        walked = unsettled
        if not self._messages.are_logarithms:
            walked = unsettled & (self.chosen < _LIKELY)
        self._walk(walked.nonzero()[0])
        unsettled = self._unsettled()
        if (unsettled & ~walked).any():
            self._walk(unsettled.nonzero()[0])

    def _walk(self, tokens: np.ndarray) -> None:
        """Puts the tags of the best path at these tokens, given those at all others.

        Tokens that follow one another in a sentence are a sequence of their own. Where a token of
        the sentence is before it, the transition from that one's tag takes the place of the start;
        where one is after it, the transition to its tag that of the end.
        """
        chain, path = self._chain, self.path
        lengths, _, rows, times = self._layout
        opens = np.ones(len(tokens), bool)
        opens[1:] = (tokens[1:] > tokens[:-1] + 1) | (times[tokens[1:]] == 0)
        runs = opens.nonzero()[0]
        run_lengths = np.diff(runs, append=len(tokens))
        order = (-run_lengths).argsort(kind="stable")
        while len(order):
            # At most half of what is walked together is padding.
            some = order[:_RUNS_AT_ONCE]
            some = some[2 * run_lengths[some] >= run_lengths[some[0]]]
            order = order[len(some) :]
            first = tokens[runs[some]]
            last = first + run_lengths[some] - 1
            # Where the sentence has no token before or after, any will do at first.
            starts = chain.transitions[path[first - 1]]
            starts[times[first] == 0] = chain.start
            ends = chain.transitions.T[path[(last + 1) % len(path)]]
            ends[times[last] == lengths[rows[last]] - 1] = chain.end
            steps = np.arange(run_lengths[some[0]])
            mask = steps < run_lengths[some, None]
            places = (first[:, None] + steps)[mask]
            emissions = np.zeros((*mask.shape, chain.start.shape[0]), np.float32)
            emissions[mask] = self._emissions[places]
            parts = Chain(chain.transitions, starts, ends)
            path[places] = equations.viterbi(numpy_ops, emissions, mask, parts)[mask]
        self._measure(tokens)
        self._measure((tokens + 1) % len(path))
