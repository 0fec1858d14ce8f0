"""One migration a file, never changed once released."""
