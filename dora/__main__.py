"""`python -m dora` is the same as `dora`."""

from dora.cli import main

main()
