"""Who may ask what of the hub."""
