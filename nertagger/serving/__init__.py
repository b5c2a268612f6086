"""The embedded server: TensorFlow Serving's REST API for any SavedModel, and a page for people."""
