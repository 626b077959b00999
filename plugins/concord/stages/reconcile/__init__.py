"""The step reconcile: identities, golden records, desired states, agreement, and who may be written to."""
