"""A search that is steered from outside: edited, stopped, or asked and told by an agent."""
