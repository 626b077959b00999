"""The step write_back: plan, approve, apply and verify for one system; and undo, which takes a plan back."""
