"""What several vendors could speak: sessions, readers and writers; no vendor is known here."""
