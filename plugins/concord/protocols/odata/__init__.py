"""OData V2 and V4: lists, writes in a `$batch`, and the ways to write values."""
