"""A simulated publisher: a model of adoption, and a server on loopback that publishes it.

What comes out of here is marked `is_simulated` from source file to release, and is never mixed with
published figures. Not here: anything that the night of published figures needs.
"""
