"""The GPU that Keras computes on."""

import subprocess
from dataclasses import dataclass

import keras


@dataclass(frozen=True)
class Gpu:
    """The GPU that Keras computes on: its name, how many there are, driver and Keras backend."""

    name: str
    count: int
    driver: str
    backend: str


def gpu() -> Gpu | None:
    """The GPU that Keras's backend computes on here, or None.

    A GPU counts only if Keras puts a tensor on it: one that the backend lists but does not use
    (a device scope, an environment variable) could not have produced the numbers.

    Returns:
        The name as the backend reports it, the number of GPUs the backend sees, the driver's
        version (``"unknown"`` where ``nvidia-smi`` does not tell), and the backend's name.

    Example:
        >>> gpu() is None  # doctest: +SKIP
        True
    """
    backend = keras.backend.backend()
    finder = {"tensorflow": _gpu_of_tensorflow, "jax": _gpu_of_jax, "torch": _gpu_of_torch}
    found = finder[backend]() if backend in finder else None
    if found is None:
        return None
    name, count = found
    return Gpu(name=name, count=count, driver=_driver(), backend=backend)


def _gpu_of_tensorflow() -> tuple[str, int] | None:
    import tensorflow as tf

    devices = tf.config.list_physical_devices("GPU")
    if not devices or "GPU" not in keras.ops.convert_to_tensor([1.0]).device:
        return None
    details = tf.config.experimental.get_device_details(devices[0])
    return details.get("device_name", "GPU of unknown name"), len(devices)


def _gpu_of_jax() -> tuple[str, int] | None:
    import jax

    used = next(iter(keras.ops.convert_to_tensor([1.0]).devices()))
    if used.platform not in ("gpu", "cuda", "rocm"):
        return None
    return used.device_kind, len(jax.devices(used.platform))


def _gpu_of_torch() -> tuple[str, int] | None:
    import torch

    # AMD's GPUs, too, are "cuda" to PyTorch.
    if keras.ops.convert_to_tensor([1.0]).device.type != "cuda":
        return None
    return torch.cuda.get_device_name(), torch.cuda.device_count()


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    lines = answer.stdout.split("\n")
    return lines[0].strip() or "unknown"
