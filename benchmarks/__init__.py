"""Side by side with what people use instead: a benchmark is a module with ``measure``, which returns a report."""
