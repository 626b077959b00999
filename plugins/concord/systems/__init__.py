"""One module per system; the registry finds them."""
