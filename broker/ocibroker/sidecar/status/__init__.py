"""How the sidecar stands: surveyed, judged, and shown to people and programs. Nobody is asked for it."""
