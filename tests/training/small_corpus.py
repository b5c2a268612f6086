"""A corpus of a few made-up sentences that any tagger can learn."""

from __future__ import annotations

import json
import random
from pathlib import Path

NAMES = {
    "PER": ["Ada Brook", "Tom Wells", "Mira Stone", "Ben Okoro", "Lin Hale", "Rosa Quill"],
    "LOC": ["Farley", "Mossbridge", "New Harbour", "Tarn", "Upper Dell", "Kesh"],
}
SENTENCES = (
    "{PER} walked to {LOC} before breakfast .",
    "the road from {LOC} to {LOC} is closed",
    "they saw {PER} and {PER} at the fair",
    "nobody lives there any more .",
    "in {LOC} , {PER} sells honey .",
)


def write_corpus(
    path: Path, documents: int, seed: int = 0, labels: dict[str, str] | None = None
) -> Path:
    """Writes JSON Lines; `labels` renames labels."""
    chooser = random.Random(seed)
    lines = []
    for _ in range(documents):
        text, spans = "", []
        for part in chooser.choice(SENTENCES).replace("{", "\0{").replace("}", "}\0").split("\0"):
            label = part.strip("{}")
            if part.startswith("{"):
                part = chooser.choice(NAMES[label])
                spans.append([len(text), len(text) + len(part), (labels or {}).get(label, label)])
            text += part
        lines.append(json.dumps({"text": text, "label": spans}))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
