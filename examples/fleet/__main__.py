"""``python -m examples.fleet``."""

from examples.fleet import main

main()
