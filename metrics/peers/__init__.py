"""The same data under other tools' published rules, one module and one file of rules a tool; `catalog` lists them, docs/peers.md explains them."""
