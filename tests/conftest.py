"""Settings of all tests. Not here: fixtures, which are beside the tests that use them."""

from __future__ import annotations

from hypothesis import settings

# the time an example takes depends on what else the machine does
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
