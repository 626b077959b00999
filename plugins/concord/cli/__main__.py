"""`python -m concord.cli`, which the launcher runs."""

from concord.cli.main import main

main()
