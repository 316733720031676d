"""Front ends: one module per protocol, each a pure function from bytes to bytes over a broker."""
