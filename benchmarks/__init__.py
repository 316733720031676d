"""Side by side with what people use instead; each prints a table of medians and ratios."""
