"""The step replay: dead letters go back into the step that refused them."""
