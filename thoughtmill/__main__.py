"""`python -m thoughtmill` is the command `thoughtmill`."""

from thoughtmill.factory.commands.cli import main

if __name__ == "__main__":
    main()
