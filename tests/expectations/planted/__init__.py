"""What is planted for each system, one module each."""
