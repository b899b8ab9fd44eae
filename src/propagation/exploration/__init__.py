"""Where it holds: many scenarios."""
