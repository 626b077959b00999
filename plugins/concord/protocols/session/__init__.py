"""The way to a server over HTTP: one exchange, its verdict, retries, logins, downloads."""
