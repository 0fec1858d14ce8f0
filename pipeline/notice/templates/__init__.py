"""Pages of notices, as Jinja templates."""
