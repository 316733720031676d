"""One process that keeps targets fresh and serves every caller on the node."""
