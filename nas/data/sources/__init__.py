"""Sources: one file for each kind of thing that a person may point at."""
