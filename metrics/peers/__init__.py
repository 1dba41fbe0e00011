"""The same data under other tools' published rules, one module a tool; `catalog` lists them, docs/peers.md explains them."""
