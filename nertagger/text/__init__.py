"""Text to sentences, tokens and numbers, and tags to spans; NumPy only."""
