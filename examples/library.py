"""List the tags of a repository: ``python examples/library.py registry.example.com/charts/app``."""

from __future__ import annotations

import sys

import ocibroker


def tags(broker: ocibroker.Broker, target: str) -> list[str]:
    """Return the tags of the repository that ``target`` names, for example ``registry.example.com/charts/app``."""
    access = broker.access(target)
    with access.client() as http:
        response = http.get(f"/v2/{access.target.path}/tags/list").raise_for_status()
    found: list[str] = response.json()["tags"]
    return found


def main(target: str) -> None:
    """Print the tags of one repository."""
    with ocibroker.Broker.from_config() as broker:
        print(*tags(broker, target), sep="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python examples/library.py TARGET")
    try:
        main(sys.argv[1])
    except ocibroker.OcibrokerError as error:
        sys.exit(str(error))
