"""For all tests: tiny models are quicker on one thread than on several that wait for each other."""

from __future__ import annotations

import os

# Read by torch and OpenMP when they are first imported, which is after this file.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# No test may ask a model hub or tell anyone about itself.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
