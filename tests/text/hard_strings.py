"""Strings that are hard to read: the golden ones, and random ones of pieces the rules look at."""

import json
from pathlib import Path

from hypothesis import strategies as st

GOLDEN = [
    json.loads(line)
    for line in Path(__file__).with_name("golden_tokens.jsonl").read_text("ascii").splitlines()
]

# Pieces at which the rules look, so that random strings meet them.
PIECES = [
    *"abntsmdlreEXYJU.'’`,:-—_&·%$/19!?…\"(“)」。東가ー٣א½😀\ufffd",
    *"\u0301\xad\u200d\u200b \n\u2028\0\ud800",
    *("n't", "'s", "'re", "’ll", "J.", "U.S.", "3.5", "Ph.D.", "...", "'d", " Mr. ", ". ", "  "),
]
STRINGS = st.lists(st.sampled_from(PIECES), max_size=16).map("".join) | st.text(
    st.characters(exclude_categories=())
)
