"""The pipeline: published figures in, a warehouse out. Every module says what must not be put
there."""
