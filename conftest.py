"""Settings of all tests: notebooks run as `make notebooks` runs them, no example has a deadline."""

import os

import hypothesis
import notebooks

notebooks.use_quiet_kernels()

hypothesis.settings.register_profile("book", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("book")
