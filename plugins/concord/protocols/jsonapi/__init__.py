"""JSON:API: lists whose filters stand in one parameter."""
