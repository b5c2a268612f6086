"""What a fresh process loads: tagging must not wait for TensorFlow."""

import subprocess
import sys

import pytest
import tiny_models

import nertagger


def _run(code, *arguments):
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def test_tagging_imports_neither_tensorflow_nor_keras(tmp_path):
    tiny_models.write(tmp_path)
    modules = _run(
        "import sys, nertagger\n"
        "assert nertagger.load(sys.argv[1])('Ada Lovelace met Mr. Babbage.').tokens\n"
        "print(*{name.partition('.')[0] for name in sys.modules})",
        tmp_path,
    )
    assert "numpy" in modules
    assert not {"tensorflow", "keras", "h5py", "click", "rich"} & set(modules)


def test_importing_the_package_imports_nothing_heavy():
    modules = _run("import sys, nertagger; print(*sys.modules)")
    assert "nertagger" in modules
    assert not {"numpy", "tensorflow", "keras", "importlib.metadata"} & set(modules)


def test_the_package_offers_what_it_names():
    for name in nertagger.__all__:
        assert getattr(nertagger, name) is not None
    assert set(nertagger.__all__) <= set(dir(nertagger))
    with pytest.raises(AttributeError, match="no attribute 'tag'"):
        nertagger.tag  # noqa: B018


def test_the_version_is_the_distribution_s():
    import importlib.metadata

    assert nertagger.__version__ == importlib.metadata.version("nertagger")
