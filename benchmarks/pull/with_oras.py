"""What a user of the ORAS client for Python would write: ``with_oras.py FOLDER REFERENCE…``."""

import sys

from oras.client import OrasClient

folder, *references = sys.argv[1:]
client = OrasClient()
for reference in references:
    client.pull(target=reference, outdir=folder)
