"""Questions about deployments beyond the five metrics, one module each; `catalog` lists them."""
