"""``rnnbench``, and ``python -m bench``."""


def main() -> None:
    """The command line, imported here: every worker imports the main module again, and needs no commands."""
    from bench import cli, startup

    startup.patient()
    cli.main()


if __name__ == "__main__":
    main()
