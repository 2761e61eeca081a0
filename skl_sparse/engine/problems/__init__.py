"""From data and parameters to problems in standard units, and back."""
