"""Charts from tidy data; no Dash here."""
