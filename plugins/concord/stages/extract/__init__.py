"""The step extract: choose the window, read it, and land its records as they were received."""
