"""TensorFlow's chatter is no part of a test's output."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
