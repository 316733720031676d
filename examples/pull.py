"""Pull charts, artifacts and images into a folder; one that fails does not stop the others.

``python examples/pull.py downloads oci://registry.example.com/charts/app registry.example.com/team/web:1.0``
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

import ocibroker
from ocibroker.oci import Pulled, pull_many


def told(outcome: Pulled | ocibroker.OcibrokerError) -> str:
    """Return one line: what was found and where it is now, or why there is nothing."""
    if isinstance(outcome, Pulled):
        return f"{outcome.reference}: {', '.join(map(str, outcome.files))}"
    return str(outcome)


def main(folder: str, references: Iterable[str]) -> bool:
    """Print a line for each reference, and return whether all are there."""
    with ocibroker.Broker.from_config() as broker:
        outcomes = pull_many(broker, references, folder)
    print(*map(told, outcomes), sep="\n")
    return all(isinstance(outcome, Pulled) for outcome in outcomes)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python examples/pull.py FOLDER REFERENCE...")
    try:
        sys.exit(not main(sys.argv[1], sys.argv[2:]))
    except ocibroker.OcibrokerError as error:
        sys.exit(str(error))
