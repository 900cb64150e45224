"""A simulated publisher: a model of adoption, and a loopback server that publishes it the way publishers do.

What comes out of here is marked `is_simulated` from source file to release and never stands beside published figures.
Not here: anything the night of published figures needs.
"""
