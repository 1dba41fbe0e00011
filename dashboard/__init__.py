"""Numbers -> something a person reads."""
