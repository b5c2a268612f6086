"""`python -m nertagger`."""

from nertagger.cli import main

main()
