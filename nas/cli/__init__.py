"""The command line of `nas`."""
