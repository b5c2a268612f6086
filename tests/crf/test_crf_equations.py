"""The equations against the enumeration of every path."""

import itertools

import numpy as np
import pytest

from nertagger.crf import equations
from nertagger.crf.equations import FORBIDDEN, Chain
from nertagger.recurrent import numpy_ops


def _log_sum_exp(scores):
    scores = np.asarray(scores, np.float64)
    return scores.max() + np.log(np.exp(scores - scores.max()).sum())


def _score(emissions, tags, chain):
    total = chain.start[tags[0]] + chain.end[tags[-1]]
    total += sum(emissions[t, tag] for t, tag in enumerate(tags))
    return total + sum(chain.transitions[i, j] for i, j in itertools.pairwise(tags))


class Enumeration:
    """Every path of one sequence, with its probability."""

    def __init__(self, emissions, chain):
        emissions = emissions.astype(np.float64)
        chain = Chain(*(part.astype(np.float64) for part in chain))
        length, self.count = emissions.shape
        self.paths = np.array(list(itertools.product(range(self.count), repeat=length)))
        scores = np.array([_score(emissions, path, chain) for path in self.paths])
        self.log_partition = _log_sum_exp(scores)
        self.log_probabilities = scores - self.log_partition
        self.probabilities = np.exp(self.log_probabilities)
        self.best = self.paths[scores.argmax()]

    def probability(self, condition):
        """Of the paths for which `condition(paths)` holds."""
        return self.probabilities[condition(self.paths)].sum()


LENGTHS = (5, 1, 4, 2, 3)


def _problem(count, seed, forbid=False, scale=1.0):
    random = np.random.default_rng(seed)
    emissions = random.normal(0, scale, (len(LENGTHS), max(LENGTHS), count)).astype("float32")
    chain = Chain(
        *(random.normal(0, 1, shape).astype("float32") for shape in ((count, count), count, count))
    )
    if forbid:
        allowed = Chain(
            random.random((count, count)) > 0.4, random.random(count) > 0.3, np.ones(count)
        )
        # One path must remain.
        allowed.transitions[:, 0] = allowed.start[0] = True
        chain = equations.constrain(numpy_ops, chain, allowed)
    tags = random.integers(0, count, (len(LENGTHS), max(LENGTHS))).astype("int32")
    mask = np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]
    return emissions, tags, mask, chain


@pytest.fixture(params=["numpy", "keras"])
def xp(request):
    if request.param == "numpy":
        return numpy_ops
    import keras

    return keras.ops


PROBLEMS = pytest.mark.parametrize(
    ("count", "seed", "forbid", "scale"),
    [(3, 0, False, 1), (4, 1, False, 1), (4, 2, True, 1), (3, 3, True, 30), (2, 4, False, 100)],
)


@PROBLEMS
def test_everything_agrees_with_enumeration(xp, count, seed, forbid, scale):
    emissions, tags, mask, chain = _problem(count, seed, forbid, scale)
    alphas, betas = equations.messages(xp, emissions, mask, chain)
    log_partition = np.asarray(equations.log_partition(xp, emissions, betas, mask, chain))
    log_likelihood = np.asarray(equations.log_likelihood(xp, emissions, tags, mask, chain))
    marginals = np.asarray(equations.marginals(xp, alphas, betas, mask))
    pairs = np.asarray(equations.expected_transitions(xp, emissions, alphas, betas, mask, chain))
    best = np.asarray(equations.viterbi(xp, emissions, mask, chain))
    assert best.dtype == np.int32
    for row, length in enumerate(LENGTHS):
        truth = Enumeration(emissions[row, :length], chain)
        assert log_partition[row] == pytest.approx(truth.log_partition, rel=1e-5, abs=1e-4)
        at = (truth.paths == tags[row, :length]).all(axis=1)
        expected = truth.log_probabilities[at][0]
        assert log_likelihood[row] == pytest.approx(expected, rel=1e-5, abs=1e-3)
        for t in range(length):
            for k in range(count):
                expected = truth.probability(lambda paths, t=t, k=k: paths[:, t] == k)
                assert marginals[row, t, k] == pytest.approx(expected, abs=1e-5)
        expected_pairs = np.zeros((count, count))
        for path, probability in zip(truth.paths, truth.probabilities, strict=True):
            for i, j in itertools.pairwise(path):
                expected_pairs[i, j] += probability
        np.testing.assert_allclose(pairs[row], expected_pairs, atol=1e-5)
        assert best[row, :length].tolist() == truth.best.tolist()
        assert not best[row, length:].any()
        assert not marginals[row, length:].any()


@PROBLEMS
@pytest.mark.parametrize("continued", [False, True])
def test_segment_probabilities_agree_with_enumeration(xp, count, seed, forbid, scale, continued):
    emissions, tags, mask, chain = _problem(count, seed, forbid, scale)
    # Tag k is prolonged by k + 1, and the last tag by none.
    continuations = np.append(np.arange(1, count), -1).astype("int32")
    alphas, betas = equations.messages(xp, emissions, mask, chain)
    path = np.asarray(equations.viterbi(xp, emissions, mask, chain))
    segments = [
        (row, first, last)
        for row, length in enumerate(LENGTHS)
        for first in range(length)
        for last in range(first, length)
    ]
    for tagging in (path, tags) if not forbid else (path,):
        result = np.asarray(
            equations.segment_log_probabilities(
                xp,
                emissions,
                equations.marginals(xp, alphas, betas, mask),
                betas,
                mask,
                chain,
                tagging,
                tuple(np.array(segments, "int32").T),
                continuations if continued else None,
            )
        )
        for (row, first, last), value in zip(segments, result, strict=True):
            truth = Enumeration(emissions[row, : LENGTHS[row]], chain)
            wanted = tagging[row, first : last + 1]
            holds = (truth.paths[:, first : last + 1] == wanted).all(axis=1)
            following = continuations[wanted[-1]]
            if continued and following >= 0 and last + 1 < LENGTHS[row]:
                holds &= truth.paths[:, last + 1] != following
            assert np.exp(value) == pytest.approx(truth.probabilities[holds].sum(), abs=2e-5)


def test_what_the_scheme_forbids_is_never_decoded(xp):
    for seed in range(20):
        emissions, _, mask, chain = _problem(4, seed, forbid=True, scale=200)
        best = np.asarray(equations.viterbi(xp, emissions, mask, chain))
        for row, length in enumerate(LENGTHS):
            assert chain.start[best[row, 0]] > FORBIDDEN / 2
            for i, j in itertools.pairwise(best[row, :length]):
                assert chain.transitions[i, j] > FORBIDDEN / 2


@pytest.mark.parametrize("length", [1, 5])
def test_the_best_path_may_begin_and_end_differently_in_each_sequence(xp, length):
    emissions, _, mask, chain = _problem(4, 6)
    emissions, mask = emissions[:, :length], mask[:, :length].copy()
    mask[2] = False
    starts, ends = np.random.default_rng(6).normal(0, 2, (2, len(LENGTHS), 4)).astype("float32")
    parts = Chain(chain.transitions, starts, ends)
    best = np.asarray(equations.viterbi(xp, emissions, mask, parts))
    assert best.dtype == np.int32
    for row, count in enumerate(mask.sum(axis=1)):
        if count:
            own = Chain(chain.transitions, starts[row], ends[row])
            truth = Enumeration(emissions[row, :count], own)
            assert best[row, :count].tolist() == truth.best.tolist()
        assert not best[row, count:].any()


def test_a_tag_reachable_only_against_the_emissions_keeps_its_probability(xp):
    # exp(-90) is 0 in float32: the state dies, and what it alone leads to must not stay dead.
    emissions = np.array([[[0.0, -60.0], [0.0, 0.0], [0.0, 300.0]]], "float32")
    transitions = np.array([[0.0, FORBIDDEN], [0.0, 0.0]], "float32")
    chain = Chain(transitions, np.zeros(2, "float32"), np.zeros(2, "float32"))
    mask = np.ones((1, 3), bool)
    _, betas = equations.messages(xp, emissions, mask, chain)
    result = np.asarray(equations.log_partition(xp, emissions, betas, mask, chain))
    assert result[0] == pytest.approx(Enumeration(emissions[0], chain).log_partition, rel=1e-5)


def test_padding_does_not_matter(xp):
    emissions, tags, mask, chain = _problem(4, 7)
    other_emissions, other_tags = emissions.copy(), tags.copy()
    other_emissions[~mask] = 1e6
    other_tags[~mask] = 3

    def results(emissions, tags):
        alphas, betas = equations.messages(xp, emissions, mask, chain)
        return (
            equations.log_likelihood(xp, emissions, tags, mask, chain),
            equations.marginals(xp, alphas, betas, mask),
            equations.expected_transitions(xp, emissions, alphas, betas, mask, chain),
            equations.viterbi(xp, emissions, mask, chain),
        )

    for one, other in zip(
        results(emissions, tags), results(other_emissions, other_tags), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_sequence_without_tokens_counts_for_nothing(xp):
    emissions, tags, mask, chain = _problem(3, 8)
    mask[1] = False
    result = np.asarray(equations.log_likelihood(xp, emissions, tags, mask, chain))
    assert result[1] == 0
    assert (result[[0, 2, 3, 4]] < 0).all()
    assert not np.asarray(equations.viterbi(xp, emissions, mask, chain))[1].any()


def test_a_sequence_of_thousands_of_tokens_stays_exact_in_float32():
    random = np.random.default_rng(9)
    emissions = random.normal(0, 3, (1, 5000, 5)).astype("float32")
    chain = Chain(*(random.normal(0, 1, shape).astype("float32") for shape in ((5, 5), 5, 5)))
    mask = np.ones((1, 5000), bool)

    def probabilities(emissions, chain):
        alphas, betas = equations.messages(numpy_ops, emissions, mask, chain)
        path = equations.viterbi(numpy_ops, emissions, mask, chain)
        firsts = np.arange(0, 4990, 7)
        segments = (np.zeros_like(firsts), firsts, firsts + 3)
        marginals = equations.marginals(numpy_ops, alphas, betas, mask)
        values = equations.segment_log_probabilities(
            numpy_ops, emissions, marginals, betas, mask, chain, path, segments, np.arange(5) - 1
        )
        return marginals, np.exp(values)

    single = probabilities(emissions, chain)
    double = probabilities(
        emissions.astype("float64"), Chain(*(p.astype("float64") for p in chain))
    )
    for one, other in zip(single, double, strict=True):
        assert one.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=5e-4)
