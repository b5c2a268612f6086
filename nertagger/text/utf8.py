"""Bytes to text, by the one rule for bytes that are not UTF-8."""

from __future__ import annotations


def decode(content: bytes) -> str:
    """Decodes UTF-8; each maximal bad sequence becomes one U+FFFD, and nothing else changes.

    That is the Unicode Standard's recommended practice (chapter 3.9, "U+FFFD Substitution of
    Maximal Subparts"), which Python follows and TensorFlow's
    `tf.strings.unicode_decode(errors="replace")` too; a test compares the two. A byte order mark
    and NULs are kept.
    """
    return content.decode("utf-8", "replace")
