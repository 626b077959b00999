"""What `./concord check` runs: the rules that hold for the code itself."""
