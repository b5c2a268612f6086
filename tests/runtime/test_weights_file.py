"""The safetensors reader: the library's tensors, mapped and not copied; broken headers refused."""

import json
import struct

import numpy as np
import pytest
from safetensors.numpy import save_file

from nertagger.errors import InputError
from nertagger.runtime.weights import read_tensors


def _write(path, header, data=b""):
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(content)) + content + data)
    return path


def _entry(**changes):
    return {"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


def test_tensors_are_the_library_s(tmp_path):
    random = np.random.default_rng(0)
    tensors = {
        "matrix": random.normal(size=(3, 5)).astype("float32"),
        "half": random.normal(size=(7, 3)).astype("float16"),
        "cube": random.normal(size=(2, 3, 4)).astype("float32"),
        "scalar": np.array(2.5, "float32"),
        "empty": np.zeros((0, 4), "float32"),
    }
    path = tmp_path / "weights.safetensors"
    save_file(tensors, path, metadata={"format": "np"})
    result = read_tensors(path)
    assert result.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert result[name].dtype == tensor.dtype
        np.testing.assert_array_equal(result[name], tensor)
        assert not result[name].flags.writeable
        assert type(result[name]) is np.ndarray
    # Every tensor's memory is a file's, not a copy.
    base = result["matrix"]
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    assert type(base).__name__ == "mmap"


def test_a_tensor_at_an_odd_offset_can_be_used(tmp_path):
    values = np.array([1.5, -2.5], "<f4")
    header = json.dumps(_entry()).encode()
    header += b" " * (3 - len(header) % 4)
    tensor = read_tensors(_write(tmp_path / "w", header, values.tobytes()))["x"]
    np.testing.assert_array_equal(tensor, values)
    assert tensor.flags.aligned


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"\xff{}", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        ({"x": 3}, "'x' has no description"),
        (_entry(dtype="I64"), "'x' is of type 'I64'; expected one of I32, F16, F32"),
        (_entry(dtype=None), "'x' is of type None"),
        (_entry(dtype=["F32"]), "'x' is of type"),
        (_entry(shape=[-2]), "no valid shape"),
        (_entry(shape=[2.0]), "no valid shape"),
        (_entry(shape=None), "no valid shape"),
        (_entry(shape=[True, True]), "no valid shape"),
        (_entry(data_offsets=[8]), "no valid shape and offsets"),
        (_entry(data_offsets=[0, -8]), "no valid shape and offsets"),
        (_entry(data_offsets=[8, 0]), "has -8 bytes, expected 8"),
        (_entry(data_offsets=[0, 4]), "has 4 bytes, expected 8"),
        (_entry(shape=[3]), "has 8 bytes, expected 12"),
        (_entry(data_offsets=[8, 16]), "cut off"),
        (_entry(shape=[2**62, 2**62]), "has 8 bytes, expected"),
    ],
)
def test_a_broken_header_is_refused(tmp_path, header, words):
    path = _write(tmp_path / "w", header, b"\0" * 8)
    with pytest.raises(InputError, match=words) as raised:
        read_tensors(path)
    assert "\n" not in str(raised.value)
    assert raised.value.path == str(path)


def test_a_header_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "w"
    for content in (b"", b"\1", b"\xff" * 8, struct.pack("<Q", 9) + b"{}"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="too few for a safetensors header"):
            read_tensors(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_tensors(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_tensors(tmp_path / "nothing")
