"""Small inputs on which an earlier version failed, each by its number; its data lies in `data/`."""
