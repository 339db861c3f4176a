"""Any search from outside: opened, edited, stopped, or asked and told by an agent; and a deployed network beaten."""
