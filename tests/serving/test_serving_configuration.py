"""TensorFlow Serving's configuration files, and the names of models."""

from __future__ import annotations

from pathlib import Path

import pytest

from nertagger.errors import InputError
from nertagger.serving.configuration import (
    METRICS_PATH,
    models_from_arguments,
    read_metrics_path,
    read_model_config,
)


def _saved_model(base: Path, *versions: int) -> Path:
    for version in versions:
        folder = base / str(version)
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").touch()
    return base


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_model_config(tmp_path):
    first = _saved_model(tmp_path / "first", 1, 2, 3)
    second = _saved_model(tmp_path / "second", 4, 5)
    path = _write(
        tmp_path / "models.config",
        f"""
        # Two models.
        model_config_list {{
          config {{
            name: "first" base_path: "{first}" model_platform: "tensorflow"
            model_version_policy {{ specific {{ versions: 1 versions: 3 }} }}
            version_labels {{ key: "stable" value: 1 }}
            version_labels {{ key: "canary" value: 3 }}
          }}
          config {{
            name: "second", base_path: "{second}",
            model_version_policy: {{ latest: {{ num_versions: 2 }} }}
          }}
          config {{
            name: "third", base_path: "{second}",
            model_version_policy: {{ all: {{}} }}
          }}
        }}
        """,
    )
    one, two, three = read_model_config(path)
    assert (one.name, one.base_path, one.labels) == ("first", first, {"stable": 1, "canary": 3})
    assert set(one.wanted()) == {1, 3}
    assert set(two.wanted()) == {4, 5}
    assert three.every


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "names no model"),
        ("model_config_list {}", None, "names no model"),
        ("model_config_list {\n  config { nmae: 'x' }\n}", 2, "nmae"),
        ("model_config_list {\n", 1, "Expected"),
        (
            'model_config_list { config { name: "x" base_path: "y" model_platform: "caffe" } }',
            None,
            "caffe",
        ),
        ('model_config_list { config { name: "x" } }', None, "no base_path"),
        (
            'model_config_list { config { name: "x" base_path: "/no/such" } }',
            None,
            "no such folder",
        ),
    ],
)
def test_bad_model_configs(tmp_path, text, line, said):
    path = _write(tmp_path / "models.config", text)
    with pytest.raises(InputError, match=said) as error:
        read_model_config(path)
    assert error.value.line == line


def test_a_name_twice(tmp_path):
    base = _saved_model(tmp_path / "m", 1)
    config = f'config {{ name: "x" base_path: "{base}" }}'
    path = _write(tmp_path / "models.config", f"model_config_list {{ {config} {config} }}")
    with pytest.raises(InputError, match="two models are called 'x'"):
        read_model_config(path)


def test_versions_that_are_not_there(tmp_path):
    base = _saved_model(tmp_path / "m", 1, 2)
    policy = "model_version_policy { specific { versions: 7 } }"
    path = _write(
        tmp_path / "models.config",
        f'model_config_list {{ config {{ name: "x" base_path: "{base}" {policy} }} }}',
    )
    with pytest.raises(InputError, match="has versions 1, 2, none of which"):
        read_model_config(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("prometheus_config { enable: true }", METRICS_PATH),
        ('prometheus_config { enable: true path: "/metrics" }', "/metrics"),
        ("prometheus_config { enable: false }", None),
        ('prometheus_config { path: "/metrics" }', None),
        ("", None),
    ],
)
def test_monitoring_config(tmp_path, text, expected):
    assert read_metrics_path(_write(tmp_path / "monitoring.txt", text)) == expected


def test_models_by_name_and_by_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NERTAGGER_MODEL", raising=False)
    _saved_model(tmp_path / "saved_models" / "en", 1)
    other = _saved_model(tmp_path / "elsewhere" / "other", 2, 3)
    (tmp_path / "en").mkdir()
    named, by_folder, both, version = models_from_arguments(
        ["en", str(other), f"mine={other}", f"old={other / '2'}"]
    )
    # An empty folder of that name does not hide the model.
    assert (named.name, named.base_path) == ("en", Path("saved_models/en"))
    assert (by_folder.name, by_folder.base_path) == ("other", other)
    assert both.name == "mine"
    assert list(version.wanted()) == [2]
    (alone,) = models_from_arguments([str(other / "3")])
    assert (alone.name, list(alone.wanted())) == ("other", [3])
    assert models_from_arguments([])[0].name == "en"
    monkeypatch.setenv("NERTAGGER_MODEL", str(other))
    assert models_from_arguments([])[0].name == "other"
