"""The rows of the catalogue: what is known of each model, by family."""
