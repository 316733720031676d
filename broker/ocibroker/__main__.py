"""``python -m ocibroker`` is the command line."""

from ocibroker.cli import main

main()
