"""The alerting configuration as people edit it: without its secrets, in versions, with a schema for their editors."""
