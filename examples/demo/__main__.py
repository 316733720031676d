"""``python -m examples.demo``."""

from examples.demo import main

main()
