"""Random strings: no limit on time, which a busy machine would break, and no folder of examples."""

from hypothesis import settings

settings.register_profile("text", deadline=None, database=None)
settings.load_profile("text")
