"""A tool's data -> records. Knows no metric."""
