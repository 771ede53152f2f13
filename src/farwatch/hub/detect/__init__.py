"""Code that looks at changes and state, and raises alerts."""
