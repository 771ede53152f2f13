"""Other people's wire formats."""
