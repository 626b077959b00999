"""What a night does, one module a step; plain Python without a scheduler."""
