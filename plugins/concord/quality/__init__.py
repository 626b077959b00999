"""What has to hold for the code itself: `checks.run_checks` looks at it, `tests.run_tests` runs it."""
