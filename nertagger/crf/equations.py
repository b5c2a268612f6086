"""The equations of a linear-chain conditional random field, over an array namespace.

Sources: the model, Lafferty, McCallum and Pereira (2001), section 3; the recurrences, Rabiner
(1989), section III, whose numbers the docstrings repeat (Viterbi: 33a to 35).

Notation, the same in every docstring (batch B, time T, tags K):

    e_t(j)    emission: what the encoder says for tag j at t             emissions   [B, T, K]
    A(i, j)   transition from tag i to tag j                             transitions [K, K]
    s(j)      for a path that begins with tag j                          start       [K]
    f(i)      for a path that ends with tag i                            end         [K]
    n         a sequence's last time step; later ones are padding        mask        [B, T], bool

    score(y)  = s(y_0) + Σ_t e_t(y_t) + Σ_t A(y_{t-1}, y_t) + f(y_n)     (1)
    log p(y)  = score(y) - log Z,  Z = Σ_y exp score(y)                  (2)

A mask is contiguous from the left, and a sequence has at least one token; one without any counts
as if it had one, except that its score and its log Z are 0.

`xp` is `keras.ops` or `nertagger.recurrent.numpy_ops`. Each recurrence is one step function; `scan`
of the namespace walks it over time.

Messages are kept relative to a maximum, so that float32 suffices for sequences of any length:
α_t and β_t here are what Rabiner's are, less the maxima of the messages that went into them. The
sums over tags are matrix products of exponentials, (exp(α - max α)) · exp(A): K exponentials a
step, not K².
"""

from __future__ import annotations

from typing import Any, NamedTuple

FORBIDDEN = -10000.0
"""Added to what the tag scheme forbids; exp(FORBIDDEN) is 0, yet no sum with it is infinite."""

_TINY = 1e-37
"""Barely a normal float32: the least value whose logarithm is taken."""


class Chain(NamedTuple):
    """The parameters that do not depend on the input, with FORBIDDEN where a scheme forbids."""

    transitions: Any
    start: Any
    end: Any


def constrain(xp: Any, chain: Chain, allowed: Chain) -> Chain:
    """The chain with FORBIDDEN added wherever `allowed`, of the same shapes, is False or 0."""
    return Chain(
        *(
            weights + (1 - xp.cast(permitted, "float32")) * FORBIDDEN
            for weights, permitted in zip(chain, allowed, strict=True)
        )
    )


def message_step(xp: Any, message: Any, exp_transitions: Any) -> Any:
    """log Σ_i exp(m(i) - max m) exp A(i, j), forwards and backwards, [B, 2, K].

    With m = α_{t-1} it is α_t(j) - e_t(j), Rabiner (20). With m = e_t + β_t and A transposed it is
    β_{t-1}, Rabiner (25): a backward message is a forward one of the reversed chain.

    Args:
        message: m, [B, 2, K].
        exp_transitions: exp A and its transpose on the diagonal of one matrix, [2K, 2K]: a single
            plain product is what every backend is fast at.
    """
    relative = xp.exp(message - xp.max(message, axis=-1, keepdims=True))
    sums = xp.matmul(xp.reshape(relative, (-1, exp_transitions.shape[0])), exp_transitions)
    return _log(xp, xp.reshape(sums, (-1, 2, message.shape[2])))


def viterbi_step(xp: Any, delta: Any, emission: Any, transitions: Any) -> Any:
    """δ_t(j) = max_i [δ_{t-1}(i) + A(i, j)] + e_t(j).  Rabiner (33a).

    The K² sums of a sequence are laid out as [i, B, j]: the maximum of whole rows is fast, be they
    of one sequence or of many.

    Args:
        delta: δ_{t-1}, the score of the best path to each tag, [B, K].
        emission: e_t, [B, K].
        transitions: A, [K, K].
    """
    sums = xp.expand_dims(xp.transpose(delta, (1, 0)), 2) + xp.expand_dims(transitions, 1)
    return xp.max(sums, axis=0) + emission


def back_pointer(xp: Any, delta: Any, tags: Any, transitions: Any) -> Any:
    """ψ_t(j) = argmax_i [δ_{t-1}(i) + A(i, j)], for j = `tags` alone, int32 [B].  Rabiner (33b).

    Taken on the way back, for the one tag a step that is on the path, instead of for all K.

    Args:
        delta: δ_{t-1}, [B, K].
        tags: y_t, [B].
        transitions: A transposed, A(i, j) at [j, i], [K, K].
    """
    return xp.cast(xp.argmax(delta + xp.take(transitions, tags, axis=0), axis=1), "int32")


def messages(xp: Any, emissions: Any, mask: Any, chain: Chain) -> tuple[Any, Any]:
    """α and β, [B, T, K] each.  Rabiner (19), (20), (24), (25).

    Both recurrences walk together, one from the left and one from the right. Where there is
    padding, α_t is s + e_t and β_t is f.
    """
    forwards = xp.exp(chain.transitions)
    backwards, none = xp.transpose(forwards, (1, 0)), xp.zeros_like(forwards)
    both = xp.concatenate(
        [xp.concatenate([forwards, none], axis=1), xp.concatenate([none, backwards], axis=1)],
        axis=0,
    )
    by_time = xp.transpose(emissions, (1, 0, 2))
    by_time = xp.stack([by_time, xp.flip(by_time, axis=0)], axis=2)
    follows, times = _follows(xp, mask)
    precedes = xp.concatenate([follows[1:], xp.zeros_like(follows[:1])], axis=0)
    inner = xp.expand_dims(xp.stack([follows, xp.flip(precedes, axis=0)], axis=2), 3)
    boundary = xp.stack([chain.start, chain.end])

    def step(message: Any, t: Any) -> tuple[Any, Any]:
        passed = xp.where(inner[t], message_step(xp, message, both), boundary)
        return passed + by_time[t], passed

    # No token follows another at the first step: what is passed there is the boundary.
    _, passed = xp.scan(step, xp.zeros_like(by_time[0]), times)
    alphas = emissions + xp.transpose(passed[:, :, 0], (1, 0, 2))
    return alphas, xp.transpose(xp.flip(passed[:, :, 1], axis=0), (1, 0, 2))


def log_partition(xp: Any, emissions: Any, betas: Any, mask: Any, chain: Chain) -> Any:
    """log Z from β, [B]: Rabiner (21) read from the right, with the maxima put back."""
    real = xp.cast(mask, emissions.dtype)
    later = emissions[:, 1:] + betas[:, 1:]
    maxima = xp.sum(xp.max(later, axis=-1) * real[:, 1:], axis=1)
    first = chain.start + emissions[:, 0] + betas[:, 0]
    return (xp.logsumexp(first, axis=-1) + maxima) * real[:, 0]


def path_score(xp: Any, emissions: Any, tags: Any, mask: Any, chain: Chain) -> Any:
    """score(y), equation (1), [B].

    Args:
        tags: y, int [B, T]; 0 <= y < K, of any value where there is padding.
    """
    real = xp.cast(mask, emissions.dtype)
    count = emissions.shape[-1]
    tags = xp.where(mask, tags, xp.zeros_like(tags))
    chosen = xp.squeeze(xp.take_along_axis(emissions, xp.expand_dims(tags, 2), axis=2), 2)
    pairs = xp.take(
        xp.reshape(chain.transitions, (-1,)), tags[:, :-1] * count + tags[:, 1:], axis=0
    )
    # The last token is the one that no other follows.
    is_last = real - xp.concatenate([real[:, 1:], xp.zeros_like(real[:, :1])], axis=1)
    return (
        xp.take(chain.start, tags[:, 0], axis=0) * real[:, 0]
        + xp.sum(chosen * real, axis=1)
        + xp.sum(pairs * real[:, 1:], axis=1)
        + xp.sum(xp.take(chain.end, tags, axis=0) * is_last, axis=1)
    )


def log_likelihood(xp: Any, emissions: Any, tags: Any, mask: Any, chain: Chain) -> Any:
    """log p(y), equation (2), [B]."""
    _, betas = messages(xp, emissions, mask, chain)
    score = path_score(xp, emissions, tags, mask, chain)
    return score - log_partition(xp, emissions, betas, mask, chain)


def restrict(xp: Any, emissions: Any, allowed: Any) -> Any:
    """Emissions that leave only the paths through the allowed tags, [B, T, K].

    With Z' of these and Z of the emissions themselves, Z' / Z is the probability of the set of
    paths y with y_t in `allowed` at every t: what is known of a sequence whose tags are known in
    part. Source: Tsuboi et al. (2008).

    Args:
        allowed: [B, T, K], 1 or True where the tag may be the right one; at least one a token.
    """
    return emissions + (1 - xp.cast(allowed, emissions.dtype)) * FORBIDDEN


def marginals(xp: Any, alphas: Any, betas: Any, mask: Any) -> Any:
    """p(y_t = j), [B, T, K]; 0 where there is padding.  Rabiner (27)."""
    real = xp.expand_dims(xp.cast(mask, alphas.dtype), 2)
    return xp.softmax(alphas + betas, axis=-1) * real


def expected_transitions(
    xp: Any, emissions: Any, alphas: Any, betas: Any, mask: Any, chain: Chain
) -> Any:
    """Σ_t p(y_{t-1} = i, y_t = j), [B, K, K].  Rabiner (37), summed over time."""
    exp_transitions = xp.exp(chain.transitions)
    before = _relative_exp(xp, alphas[:, :-1])
    after = _relative_exp(xp, emissions[:, 1:] + betas[:, 1:])
    totals = xp.sum(xp.matmul(before, exp_transitions) * after, axis=-1, keepdims=True)
    real = xp.expand_dims(xp.cast(mask[:, 1:], emissions.dtype), 2)
    before = before / xp.maximum(totals, _TINY) * real
    return xp.matmul(xp.transpose(before, (0, 2, 1)), after) * exp_transitions


def viterbi(xp: Any, emissions: Any, mask: Any, chain: Chain) -> Any:
    """The path of the highest score, int32 [B, T]; 0 where there is padding.  Rabiner (32) to (35).

    Of equal scores, the tag with the lower index wins, the last token's first.

    Args:
        chain: its start and its end may be each sequence's own, [B, K].
    """
    # What is the same for all tags chooses none; without it the sums stay small.
    emissions = emissions - xp.max(emissions, axis=-1, keepdims=True)
    if emissions.shape[1] == 1:
        # Where it is known beforehand that no token follows another, nothing is walked.
        path = xp.argmax(chain.start + emissions[:, 0] + chain.end, axis=1)
        path = xp.expand_dims(xp.cast(path, "int32"), 1)
        return xp.where(mask, path, xp.zeros_like(path))
    by_time = xp.transpose(emissions, (1, 0, 2))
    follows, times = _follows(xp, mask)
    at_tags = xp.expand_dims(follows, 2)

    def step(delta: Any, t: Any) -> tuple[Any, Any]:
        stepped = viterbi_step(xp, delta, by_time[t], chain.transitions)
        delta = xp.where(at_tags[t], stepped, delta)
        return delta, delta

    last, deltas = xp.scan(step, chain.start + by_time[0], times)

    # At time 0, where nothing is before, the last one comes up and `follows` passes it over.
    earlier = xp.concatenate([deltas[-1:], deltas[:-1]], axis=0)
    into = xp.transpose(chain.transitions, (1, 0))

    def step_back(tags: Any, t: Any) -> tuple[Any, Any]:
        tags = xp.where(follows[t], back_pointer(xp, earlier[t], tags, into), tags)
        return tags, tags

    final = xp.cast(xp.argmax(last + chain.end, axis=1), "int32")
    _, path = xp.scan(step_back, final, times, reverse=True)
    path = xp.transpose(xp.concatenate([path[1:], final[None]], axis=0), (1, 0))
    return xp.where(mask, path, xp.zeros_like(path))


def conditional_log_probabilities(
    xp: Any, emissions: Any, betas: Any, tags: Any, next_tags: Any, chain: Chain
) -> Any:
    """log p(y_{t+1} = j | y_t = i) for i = `tags`, j = `next_tags` at t, [B, T - 1].

    Given the emissions, a linear chain is a Markov chain with these probabilities:
    p(j | i) = exp(A(i, j) + e_{t+1}(j) + β_{t+1}(j)) / exp β_t(i), each β as Rabiner has it.

    Args:
        betas: of `messages`.
        tags: [B, T - 1], the tags at 0 … T - 2.
        next_tags: [B, T - 1], the tags at 1 … T - 1.
    """
    later = emissions[:, 1:] + betas[:, 1:]
    chosen = xp.squeeze(xp.take_along_axis(later, xp.expand_dims(next_tags, 2), axis=2), 2)
    origin = xp.squeeze(xp.take_along_axis(betas[:, :-1], xp.expand_dims(tags, 2), axis=2), 2)
    flat = xp.reshape(chain.transitions, (-1,))
    pairs = xp.take(flat, tags * emissions.shape[-1] + next_tags, axis=0)
    return pairs + chosen - xp.max(later, axis=-1) - origin


def segment_log_probabilities(
    xp: Any,
    emissions: Any,
    probabilities: Any,
    betas: Any,
    mask: Any,
    chain: Chain,
    path: Any,
    segments: tuple[Any, Any, Any],
    continuations: Any = None,
) -> Any:
    """log p(y_first = path_first, …, y_last = path_last) of each segment of a path, [N].

    It is the marginal of the segment's first tag times the conditional probability of each further
    one: exact, and made of numbers of ordinary size however long the sequence is.

    Args:
        probabilities: of the tags, [B, T, K], as of `marginals`.
        betas: of `messages`.
        path: tags int [B, T], as of `viterbi`.
        segments: int [N] each: the sequence, the first token, the last one.
        continuations: int [K], the tag that would prolong a segment whose last tag is k, or -1:
            with BIO, I-PER for B-PER and I-PER, -1 for O. The probability is then also that the
            segment ends where it does: that this tag does not follow. None: nothing may follow
            that would prolong it, as with BIOES.
    """
    rows, firsts, lasts = segments
    length, count = xp.shape(path)[1], emissions.shape[-1]
    begin, end = rows * length + firsts, rows * length + lasts
    steps = conditional_log_probabilities(xp, emissions, betas, path[:, :-1], path[:, 1:], chain)
    # What lies outside of the sequences must not enter the sums.
    steps = xp.where(mask[:, 1:], steps, xp.zeros_like(steps))
    zeros = xp.zeros_like(probabilities[:, :1, 0])
    steps = xp.concatenate([zeros, xp.cumsum(steps, axis=1)], axis=1)
    steps = xp.reshape(steps, (-1,))
    inside = xp.take(steps, end, axis=0) - xp.take(steps, begin, axis=0)
    flat = xp.reshape(probabilities, (-1,))
    flat_path = xp.reshape(path, (-1,))
    first_tags = xp.take(flat_path, begin, axis=0)
    total = _log(xp, xp.take(flat, begin * count + first_tags, axis=0)) + inside
    if continuations is None:
        return xp.minimum(total, 0.0)
    following = xp.take(continuations, path[:, :-1], axis=0)
    prolonged = conditional_log_probabilities(
        xp, emissions, betas, path[:, :-1], xp.maximum(following, 0), chain
    )
    may = xp.logical_and(mask[:, 1:], following >= 0)
    stops = _log(xp, -xp.expm1(xp.minimum(prolonged, 0.0)))
    stops = xp.where(may, stops, xp.zeros_like(stops))
    stops = xp.concatenate([stops, zeros], axis=1)
    return xp.minimum(total + xp.take(xp.reshape(stops, (-1,)), end, axis=0), 0.0)


def _log(xp: Any, values: Any) -> Any:
    """log, and FORBIDDEN of 0, with a gradient that is finite everywhere."""
    return xp.where(values > 0, xp.log(xp.maximum(values, _TINY)), FORBIDDEN)


def _relative_exp(xp: Any, values: Any) -> Any:
    return xp.exp(values - xp.max(values, axis=-1, keepdims=True))


def _follows(xp: Any, mask: Any) -> tuple[Any, Any]:
    """Whether a token follows another, bool [T, B], and the times to walk, int32 [T].

    The steps index by time, since `keras.ops.scan` walks one array alone when T is unknown. They
    walk time 0 too, where nothing follows: TensorFlow stacks no empty loop.
    """
    follows = xp.concatenate([xp.zeros_like(mask[:, :1]), mask[:, 1:]], axis=1)
    return xp.transpose(follows, (1, 0)), xp.arange(xp.shape(mask)[1], dtype="int32")
