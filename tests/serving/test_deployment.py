"""deploy/, without Docker: what can be read is read, and every flag is one that there is.

`tf_serving_flags.txt` lists the flags of tensorflow_model_server, as its main.cc declares them.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("yaml", reason="reading compose.yaml needs PyYAML")
import yaml

from nertagger.serving import text_protos
from nertagger.serving.configuration import METRICS_PATH, read_metrics_path

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
FLAGS = set(Path(__file__).with_name("tf_serving_flags.txt").read_text().split())

if not DEPLOY.is_dir():
    pytest.skip("deploy/ is in a checkout only", allow_module_level=True)


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]


def test_the_images_are_the_stock_ones(services):
    default = r"\$\{TF_SERVING_VERSION:-\d+\.\d+\.\d+\}"
    assert re.fullmatch(rf"tensorflow/serving:{default}-gpu", services["serving-gpu"]["image"])
    assert re.fullmatch(rf"tensorflow/serving:{default}", services["serving-cpu"]["image"])
    (device,) = services["serving-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert "deploy" not in services["serving-cpu"]


@pytest.mark.parametrize("name", ["serving-gpu", "serving-cpu"])
def test_every_flag_is_one_and_every_file_is_there(services, name):
    flags = dict(
        argument.removeprefix("--").split("=", 1) for argument in services[name]["command"]
    )
    assert set(flags) <= FLAGS
    files = [value for value in flags.values() if value.startswith("/config/")]
    assert len(files) == 3
    for value in files:
        assert (DEPLOY / value.removeprefix("/config/")).is_file()
    for flag in ("enable_batching", "enable_model_warmup"):
        assert flags[flag] == "true"


@pytest.mark.parametrize("name", ["serving-gpu", "serving-cpu"])
def test_ports_are_open_to_this_machine_alone_and_models_cannot_be_written(services, name):
    assert services[name]["ports"] == ["127.0.0.1:8501:8501", "127.0.0.1:8500:8500"]
    for volume in services[name]["volumes"]:
        assert volume["read_only"] is True
    assert {volume["target"] for volume in services[name]["volumes"]} == {"/models", "/config"}


def test_every_flag_has_a_comment():
    lines = (DEPLOY / "compose.yaml").read_text(encoding="utf-8").splitlines()
    flags = [i for i, line in enumerate(lines) if line.strip().startswith("- --") and "_" in line]
    explained = 0
    for i in flags:
        above = lines[i - 1].strip()
        # A flag may share the comment of the one above it.
        assert above.startswith(("#", "- --")), lines[i]
        explained += above.startswith("#")
    assert explained >= 7


def test_models_config():
    message = text_protos.read(DEPLOY / "models.config", "ModelServerConfig")
    (model,) = message.model_config_list.config
    assert (model.name, model.base_path) == ("en", "/models/en")
    assert model.model_platform == "tensorflow"
    assert model.model_version_policy.latest.num_versions == 2
    assert dict(model.version_labels) == {"stable": 1}


def test_batching_parameters():
    message = text_protos.read(DEPLOY / "batching_parameters.txt", "BatchingParameters")
    assert message.max_batch_size.value >= 1
    assert message.batch_timeout_micros.value >= 0
    assert message.num_batch_threads.value >= 1
    assert not message.allowed_batch_sizes
    assert not message.pad_variable_length_inputs


def test_monitoring(services):
    assert read_metrics_path(DEPLOY / "monitoring.txt") == METRICS_PATH
    (job,) = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text(encoding="utf-8"))[
        "scrape_configs"
    ]
    assert job["metrics_path"] == METRICS_PATH
    port = services["serving-gpu"]["ports"][0].rsplit(":", 1)[1]
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{port}"]
