"""Commands of `nas` that are a file of their own; `nas.cli` puts all of them together."""
