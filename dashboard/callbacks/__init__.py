"""What pages do: thin callbacks over named functions, registered by register(app, services)."""
