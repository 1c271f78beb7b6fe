"""smolagents' interpreter: `python bench/smol.py < programs.json`, in its own environment.

Each program gets a fresh `LocalPythonExecutor` with the imports that mathematics needs. Reads a list of
programs, prints the list of what they print.
"""

import json
import sys

from smolagents.local_python_executor import LocalPythonExecutor

IMPORTS = ["math", "statistics", "fractions", "decimal", "datetime", "itertools", "collections"]


def answer(program: str) -> str:
    """Return what one program prints; nothing where it fails."""
    executor = LocalPythonExecutor(IMPORTS)
    executor.send_tools({})
    try:
        return str(executor(program).logs).strip()
    except Exception:  # noqa: BLE001  whatever it raises, there is no answer
        return ""


def main() -> None:
    """Run what comes on standard input."""
    print(json.dumps([answer(program) for program in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
