"""The temperature that dev asks for."""

import numpy as np
import pytest

from nertagger.text.document import Document, Entity
from nertagger.training.temperature import fitting_temperature


def tagger_and_gold(true_temperature, count):
    """Found entities that are right as often as their logits, divided by a temperature, say."""
    chance = np.random.default_rng(8)
    logits = chance.normal(2, 3, count)
    right = chance.uniform(0, 1, count) < 1 / (1 + np.exp(-logits / true_temperature))
    gold = [Document("Rome", [Entity("Rome", "LOC", 0, 4)] if r else []) for r in right]

    def tagged(temperature):
        scores = 1 / (1 + np.exp(-logits / temperature))
        return [Document("Rome", [Entity("Rome", "LOC", 0, 4, float(score))]) for score in scores]

    return tagged, gold


@pytest.mark.parametrize("true_temperature", [0.7, 1, 1.6, 3])
def test_the_temperature_that_the_scores_lack_is_found(true_temperature):
    fitted = fitting_temperature(*tagger_and_gold(true_temperature, 5000))
    assert fitted == pytest.approx(true_temperature, rel=0.1)


def test_a_handful_of_entities_moves_it_little():
    assert 1 < fitting_temperature(*tagger_and_gold(3, 8)) < 2
    assert fitting_temperature(lambda _: [], []) == pytest.approx(1, abs=0.02)
