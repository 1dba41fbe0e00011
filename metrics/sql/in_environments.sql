-- Added to a question that names environments.
    and list_contains($environments::varchar[], environment)
