"""The models are exported once for all tests."""

import dataclasses

import pytest
from exported_models import MODELS, export


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """The models of MODELS by name, moved away from where they were written."""
    made, moved = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("moved")
    models = {}
    for name, architecture in MODELS.items():
        (made / name).mkdir()
        model = export(architecture, made / name)
        model.directory.rename(moved / name)
        models[name] = dataclasses.replace(model, directory=moved / name)
    return models
