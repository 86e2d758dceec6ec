"""Questions that the screens ask of the store; each takes a session and a scope first."""
