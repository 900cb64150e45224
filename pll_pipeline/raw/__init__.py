"""The bytes of every publication exactly as received: asking publishers and keeping snapshots.

Not here: what the bytes mean (`validated/`).
"""
