"""The models are exported once, and asked everything by one fresh process."""

import dataclasses

import pytest
from exported_models import export, random_text

from nertagger.models.random_models import TAGS, architectures

EVERYTHING = next(architectures())
MODELS = {
    "sigmoid": dataclasses.replace(
        EVERYTHING,
        head="sigmoid",
        tags=("NAME",),
        character_encoding="none",
        vector_count=0,
        case_count=0,
    ),
    "softmax": dataclasses.replace(
        EVERYTHING, head="softmax", tags=TAGS, cell="gru", word_encoding="one-hot", layers=2
    ),
    "crf": dataclasses.replace(EVERYTHING, head="crf", tags=TAGS, cell="peephole-lstm"),
}

TEXTS = [
    "",
    " \n ",
    "Harry Potter lives in London. The U.S. house said 3.5% (東京です)。Paris\n\nthe end",
    *map(random_text, range(300)),
    "\u0301",
    "x" * 5000,
]


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
