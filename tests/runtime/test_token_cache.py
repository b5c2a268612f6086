"""The cache of what is known of tokens: right, bounded, and safe between threads."""

import concurrent.futures
import zlib

import numpy as np

from nertagger.runtime.token_cache import TokenCache


def _values(tokens):
    codes = np.array([zlib.crc32(token.encode()) % 1000003 for token in tokens], np.float32)
    return codes[:, None] * [1, 2, 3]


def _compute(tokens, out):
    out[0][:] = _values(tokens)
    out[1][:] = -_values(tokens)[:, :1]


class Counting:
    def __init__(self):
        self.computed = []

    def __call__(self, tokens, out):
        self.computed += tokens
        _compute(tokens, out)


def _check(cache, tokens):
    with cache.rows(tokens) as ((table, other), rows):
        np.testing.assert_array_equal(table[rows], _values(tokens))
        np.testing.assert_array_equal(other[rows], -_values(tokens)[:, :1])


def test_each_distinct_token_is_computed_once():
    counting = Counting()
    cache = TokenCache(counting, [3, 1], 10)
    _check(cache, ["a", "b", "a"])
    _check(cache, ["b", "c"])
    assert counting.computed == ["a", "b", "c"]
    assert cache.computed == 3


def test_it_never_holds_more_than_its_capacity():
    cache = TokenCache(_compute, [3, 1], 10)
    random = np.random.default_rng(0)
    for _ in range(50):
        _check(cache, [f"w{n}" for n in random.integers(0, 40, random.integers(1, 12))])
        assert len(cache) <= 10
        with cache.rows(["w1"]) as ((table, other), _):
            assert len(table) == len(other) == 10


def test_a_full_cache_forgets_what_was_not_asked_for_longest():
    counting = Counting()
    cache = TokenCache(counting, [3, 1], 4)
    for tokens in ("ab", "c", "d", "a", "ce", "ace", "b", "acb", "d"):
        _check(cache, [*tokens])
    # e takes the place of b, b that of d, and d that of e.
    assert counting.computed == [*"abcd", "e", "b", "d"]
    _check(cache, [*"bacd"])
    assert len(counting.computed) == 7


def test_a_token_asked_for_often_outlives_one_that_was_asked_for_last():
    counting = Counting()
    cache = TokenCache(counting, [3, 1], 2)
    for tokens in ("aaa", "b", "c", "a"):
        _check(cache, [*tokens])
    assert counting.computed == [*"abc"]
    # But not for ever.
    for tokens in ["b"] * 5 + ["c"] * 5 + ["b"]:
        _check(cache, [*tokens])
    assert len(counting.computed) == 5
    _check(cache, ["a"])
    assert len(counting.computed) == 6


def test_more_than_it_holds_is_computed_for_one_call_alone():
    counting = Counting()
    cache = TokenCache(counting, [3, 1], 4)
    _check(cache, [*"abc"])
    _check(cache, [*"xbcyz"])
    assert counting.computed == [*"abcxyz"]
    _check(cache, [*"abcx"])
    assert counting.computed == [*"abcxyzx"]


def test_one_call_may_ask_for_more_than_it_holds():
    cache = TokenCache(_compute, [3, 1], 10)
    _check(cache, ["x"])
    _check(cache, [f"w{n % 5000}" for n in range(9000)])
    assert len(cache) <= 10


def test_what_is_read_outlives_a_fresh_start():
    cache = TokenCache(_compute, [3, 1], 4)
    with cache.rows(["a", "b"]) as (first, rows), cache.rows(["b", "c"]) as (second, second_rows):
        for n in range(20):
            _check(cache, [f"w{n}", "b"])
        np.testing.assert_array_equal(first[0][rows], _values(["a", "b"]))
        np.testing.assert_array_equal(second[0][second_rows], _values(["b", "c"]))


def test_a_table_that_nobody_reads_is_used_again():
    cache = TokenCache(_compute, [3, 1], 40)
    random = np.random.default_rng(1)
    tables = set()
    for _ in range(60):
        tokens = [f"w{n}" for n in random.integers(0, 80, 25)]
        with cache.rows(tokens) as ((table, _), rows):
            np.testing.assert_array_equal(table[rows], _values(tokens))
            tables.add(table.ctypes.data)
    assert len(tables) == 1


def test_threads_may_share_one():
    cache = TokenCache(_compute, [3, 1], 20)

    def work(seed):
        random = np.random.default_rng(seed)
        for _ in range(200):
            _check(cache, [f"w{n}" for n in random.integers(0, 60, 6)])

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(work, seed) for seed in range(4)]:
            future.result()
