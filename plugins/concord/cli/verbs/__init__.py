"""The verbs with their options and help; what a verb does stands in a module of `concord.cli` that it imports."""
