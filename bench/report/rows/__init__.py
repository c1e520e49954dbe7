"""The rows of tables and figures: runs gathered over seeds, what they are called, and what is published for them."""
