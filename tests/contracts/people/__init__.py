"""A package of a person's own, as the contract of own blocks needs it."""
