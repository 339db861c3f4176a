"""Training of one network: the loop, the parts of the recipe, memory and latency, outputs of a trained network."""
