"""How vendors are spoken to: client, authentication, readers and writers."""
