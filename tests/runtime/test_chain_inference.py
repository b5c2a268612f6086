"""The chain's fast inference against the shared equations, which are tested against enumeration."""

import numpy as np
import pytest

from nertagger.crf import equations
from nertagger.crf.equations import FORBIDDEN, Chain
from nertagger.recurrent import numpy_ops
from nertagger.runtime.chain_inference import ChainInference, Layout
from nertagger.text.tags import allowed_transitions, tags_of_labels

LENGTHS = np.array([40, 23, 23, 17, 9, 9, 8, 6, 5, 5, 4, 3, 2, 2, 1, 1])


def _chain(scheme, random, scale=1.0):
    if scheme is None:
        allowed = [np.ones(shape, bool) for shape in ((4, 4), 4, 4)]
    else:
        allowed = allowed_transitions(tags_of_labels(("LOC", "ORG", "PER"), scheme))
    return Chain(
        *(
            np.where(part, random.normal(0, scale, np.shape(part)), FORBIDDEN).astype("float32")
            for part in allowed
        )
    )


def _padded(values, lengths):
    mask = np.arange(lengths[0]) < lengths[:, None]
    padded = np.zeros((*mask.shape, *values.shape[1:]), values.dtype)
    padded[mask] = values
    return padded, mask


def _expected(emissions, lengths, chain, dtype):
    """The best path, the marginals, and the probability of each step along the path."""
    chain = Chain(*(part.astype(dtype) for part in chain))
    padded, mask = _padded(emissions.astype(dtype), lengths)
    path = equations.viterbi(numpy_ops, padded, mask, chain)
    alphas, betas = equations.messages(numpy_ops, padded, mask, chain)
    marginals = equations.marginals(numpy_ops, alphas, betas, mask)
    steps = np.take_along_axis(marginals, path[:, :, None], 2)[:, :, 0]
    logs = equations.conditional_log_probabilities(
        numpy_ops, padded, betas, path[:, :-1], path[:, 1:], chain
    )
    steps[:, 1:] = np.exp(np.minimum(logs, 0))
    return path[mask], marginals[mask], steps[mask]


def _agrees(emissions, lengths, chain, dtype="float64", tolerance=1e-5):
    inferred = ChainInference(chain)(emissions, Layout.of(lengths))
    path, marginals, steps = _expected(emissions, lengths, chain, dtype)
    np.testing.assert_array_equal(inferred.path, path)
    np.testing.assert_allclose(inferred.marginals, marginals, atol=tolerance)
    steps_found = np.exp(np.minimum(inferred.log_steps, 0))
    np.testing.assert_allclose(steps_found, steps, atol=2 * tolerance)
    np.testing.assert_array_equal(inferred.chosen, inferred.marginals[np.arange(len(path)), path])
    assert inferred.marginals.dtype == inferred.log_steps.dtype == np.float32


@pytest.fixture
def no_logarithms(monkeypatch):
    """Exponentials are enough for what is ordinary."""

    def refuse(self, emissions, layout):
        raise AssertionError("computed with logarithms")

    monkeypatch.setattr(ChainInference, "_logarithms", refuse)


@pytest.mark.parametrize("scale", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("scheme", [None, "BIO", "BIOES"])
@pytest.mark.usefixtures("no_logarithms")
def test_everything_agrees_with_the_shared_equations(scheme, scale):
    for seed in range(8):
        random = np.random.default_rng(seed)
        chain = _chain(scheme, random, 1 + seed % 3)
        emissions = random.normal(0, scale, (LENGTHS.sum(), len(chain.start))).astype("float32")
        # Some models are surer of the first tag than others.
        emissions[:, 0] += seed * scale / 2
        _agrees(emissions, LENGTHS, chain)


@pytest.mark.parametrize(("scale", "tolerance"), [(30.0, 1e-4), (1e4, 1e-3)])
@pytest.mark.parametrize("scheme", [None, "BIO", "BIOES"])
def test_logits_beyond_float32_are_left_to_the_shared_equations(scheme, scale, tolerance):
    for seed in range(4):
        random = np.random.default_rng(seed)
        chain = _chain(scheme, random)
        emissions = random.normal(0, scale, (LENGTHS.sum(), len(chain.start))).astype("float32")
        # One token of many is enough.
        emissions[7, 2] = 4000
        _agrees(emissions, LENGTHS, chain, "float32", tolerance)


@pytest.mark.parametrize("shift", [-85.0, 80.0])
def test_what_all_tags_have_in_common_changes_nothing(shift):
    random = np.random.default_rng(3)
    chain = _chain("BIOES", random)
    emissions = random.normal(0, 3, (LENGTHS.sum(), len(chain.start))).astype("float32")
    _agrees(emissions + np.float32(shift), LENGTHS, chain, tolerance=5e-5)


def test_a_tag_that_is_possible_only_against_the_logits_keeps_its_probability():
    # After the first tag only the first may follow, whose weight is 0 in float32 at the end.
    chain = Chain(
        np.array([[0.0, FORBIDDEN], [0.0, 0.0]], "float32"), np.zeros(2, "f4"), np.zeros(2, "f4")
    )
    emissions = np.array([[0, -60], [0, 0], [0, 300], [1, 0]], "float32")
    _agrees(emissions, np.array([3, 1]), chain)


@pytest.mark.parametrize("scheme", [None, "BIO", "BIOES"])
def test_of_equal_paths_the_one_of_the_shared_equations_is_chosen(scheme):
    for seed in range(20):
        random = np.random.default_rng(seed)
        chain = Chain(*(np.round(part) for part in _chain(scheme, random)))
        emissions = random.integers(0, 3, (LENGTHS.sum(), len(chain.start))).astype("float32")
        _agrees(emissions, LENGTHS, chain)
        _agrees(np.zeros_like(emissions), LENGTHS, chain)


@pytest.mark.usefixtures("no_logarithms")
def test_a_long_sentence_beside_short_ones():
    random = np.random.default_rng(5)
    chain = _chain("BIOES", random)
    lengths = np.array([5000, 300, 12, 1])
    emissions = random.normal(0, 3, (lengths.sum(), len(chain.start))).astype("float32")
    _agrees(emissions, lengths, chain)


@pytest.mark.usefixtures("no_logarithms")
def test_one_tag_and_one_token():
    random = np.random.default_rng(6)
    one = Chain(*(random.normal(0, 1, shape).astype("float32") for shape in ((1, 1), 1, 1)))
    _agrees(random.normal(0, 9, (6, 1)).astype("float32"), np.array([3, 2, 1]), one)
    chain = _chain("BIO", random)
    _agrees(random.normal(0, 3, (1, 7)).astype("float32"), np.array([1]), chain)


def test_the_most_probable_tags_need_not_be_a_path():
    # B E has probability 0.4, S O and S S 0.3 each: the most probable tags are S and E.
    tags = ["O", "B-X", "I-X", "E-X", "S-X"]
    chain = Chain(
        *(np.where(part, 0, FORBIDDEN).astype("float32") for part in allowed_transitions(tags))
    )
    emissions = np.full((2, 5), -30, "float32")
    emissions[0, [1, 4]] = emissions[1, 3] = 0
    emissions[0, 1] = np.log(4 / 3)
    emissions[1, [0, 4]] = 0
    inferred = ChainInference(chain)(emissions, Layout.of(np.array([2])))
    assert inferred.marginals.argmax(axis=1).tolist() == [4, 3]
    assert [tags[tag] for tag in inferred.path] == ["B-X", "E-X"]
    np.testing.assert_allclose(np.exp(inferred.log_steps), [0.4, 1], rtol=1e-5)


def test_viterbi_walks_only_what_the_probabilities_leave_open(monkeypatch):
    walked = []
    viterbi = equations.viterbi

    def counted(xp, emissions, mask, chain):
        walked.append(int(mask.sum()))
        return viterbi(xp, emissions, mask, chain)

    random = np.random.default_rng(8)
    chain = _chain("BIOES", random)
    emissions = random.normal(0, 1, (LENGTHS.sum(), len(chain.start))).astype("float32")
    emissions[:, 0] += 15
    # Two tokens of one sentence and one of another may be names.
    emissions[[4, 20, 100], 4] += emissions[[4, 20, 100], 0] + chain.transitions[0, 0]
    monkeypatch.setattr(equations, "viterbi", counted)
    inferred = ChainInference(chain)(emissions, Layout.of(LENGTHS))
    assert sum(walked) <= 3
    monkeypatch.undo()
    np.testing.assert_array_equal(inferred.path, _expected(emissions, LENGTHS, chain, "f8")[0])
    assert (inferred.path != 0).any()
