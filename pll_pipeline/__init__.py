"""The pipeline: published figures in, a warehouse out. Every module says what it holds and what it must not."""
