"""One tool a module; each has `Options` (its table in dora.toml) and `open_source`."""
