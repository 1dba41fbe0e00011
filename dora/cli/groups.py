"""Commands that have commands: what an unknown word among these is told."""

from __future__ import annotations

import click


class HintingGroup(click.Group):
    """A group that adds a hint to the error of an unknown command."""

    def hint(self, word: str) -> str:
        """What follows `no command WORD`, with what sets it apart; the names that are like it."""
        from dora.tables import nearest

        return nearest(word, self.list_commands(click.Context(self)))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a `UsageError` with the hint where no command is called so."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(f"no command {args[0]!r}{self.hint(args[0])}", ctx) from None
