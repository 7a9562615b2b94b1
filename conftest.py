"""Run the notebooks of the tests as `make notebooks` runs them."""

import notebooks

notebooks.use_quiet_kernels()
