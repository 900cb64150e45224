"""Answers to a person's questions about one publication or one row.

Not here: anything a night runs.
"""
