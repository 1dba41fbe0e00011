"""Records -> facts -> numbers. Knows no tool and formats nothing."""
