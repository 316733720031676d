"""What is wrong between here and a registry: step by step, each with its cause and its cure."""
