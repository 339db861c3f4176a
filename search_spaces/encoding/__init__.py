"""Architectures -> arrays: what was decided, how the network is made, and what it costs."""

from search_spaces.encoding.encoder import Encoding, encode

__all__ = ["Encoding", "encode"]
