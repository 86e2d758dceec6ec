"""Commands of the terminal, one file for each group."""
