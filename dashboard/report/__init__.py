"""The failure report of one deployment."""
