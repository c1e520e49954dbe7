"""Matrix-vector products as assembly that is made for one product alone, and its cycles counted."""
