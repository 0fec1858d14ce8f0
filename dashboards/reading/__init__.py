"""What the pages ask of the store and of supervision, as plain values. Called in the desk's pool, never on the event loop."""
