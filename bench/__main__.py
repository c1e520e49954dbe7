"""``rnnbench``, and ``python -m bench``."""


def main() -> None:
    """Runs the command line, imported here: every worker imports the main module again, and needs no commands."""
    from bench import cli
    from bench.execute import server

    server.patient()
    cli.main()


if __name__ == "__main__":
    main()
