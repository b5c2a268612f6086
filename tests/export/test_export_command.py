"""`nertagger export`: the next version, all of it or nothing."""

import json

import pytest
from click.testing import CliRunner
from exported_models import TEXTS
from safetensors.numpy import save_file

import nertagger.export.saved_model
from nertagger.cli.export import command
from nertagger.errors import InputError
from nertagger.export.version import export_model
from nertagger.runtime.tagger import load


def _write(directory, model):
    """A model's directory without a SavedModel."""
    assets = directory / "assets.extra" / "nertagger"
    assets.mkdir(parents=True)
    (assets / "config.json").write_text(json.dumps(model.config))
    (assets / "MODEL_CARD.md").write_text("# tiny\n")
    model.encoder.write(assets)
    save_file(model.tensors, assets / "weights.safetensors")
    return directory


def test_a_model_gets_its_next_version(exported, tmp_path):
    model = exported["crf"]
    base = tmp_path / "tiny"
    _write(base / "9", model)
    result = CliRunner().invoke(command, [str(base)], catch_exceptions=False)
    assert result.exit_code == 0
    version = base.resolve() / "10"
    assert result.stdout == f"{version}\n"
    assert sorted(path.name for path in base.iterdir()) == ["10", "9"]
    assert (version / "saved_model.pb").is_file()
    assert (version / "assets" / "vocabulary.txt").is_file()
    assert (version / "assets.extra" / "tf_serving_warmup_requests").is_file()
    assert (version / "assets.extra" / "nertagger" / "MODEL_CARD.md").read_text() == "# tiny\n"
    # Both fresh: what a cache holds decides how many rows a product has, and so how it rounds.
    source = base / "9"
    assert [load(version)(t) for t in TEXTS[:9]] == [load(source)(t) for t in TEXTS[:9]]


def test_elsewhere(exported, tmp_path):
    source = _write(tmp_path / "given", exported["sigmoid"])
    version = export_model(source, tmp_path / "new" / "base")
    assert version == tmp_path / "new" / "base" / "1"
    assert (version / "variables" / "variables.index").is_file()
    assert not (source / "saved_model.pb").exists()


def test_what_cannot_be_exported(exported, tmp_path):
    with pytest.raises(InputError, match="no model"):
        export_model(tmp_path / "nowhere")
    source = _write(tmp_path / "given", exported["sigmoid"])
    with pytest.raises(InputError, match="say where to write with --output"):
        export_model(source)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InputError, match="expects a directory"):
        export_model(source, file)
    with pytest.raises(InputError, match="expects a directory"):
        export_model(source, file / "within")


def test_nothing_is_left_of_an_export_that_fails(exported, tmp_path, monkeypatch):
    def fail(*arguments):
        raise OSError("disk full")

    monkeypatch.setattr(nertagger.export.saved_model, "write_warm_up", fail)
    source = _write(tmp_path / "base" / "1", exported["sigmoid"])
    with pytest.raises(OSError, match="disk full"):
        export_model(source)
    assert [path.name for path in (tmp_path / "base").iterdir()] == ["1"]
    with pytest.raises(OSError, match="disk full"):
        export_model(source, tmp_path / "folders" / "made")
    assert not (tmp_path / "folders").exists()
