"""Keras on JAX."""
import os

from peers.keras_model import KerasModel


class Peer(KerasModel):
    def __init__(self, threads):
        flags = f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()} intra_op_parallelism_threads={threads}"
        os.environ.update(KERAS_BACKEND="jax", JAX_PLATFORMS="cpu", XLA_FLAGS=flags, NPROC=str(threads))
        import jax
        jax.devices()
        super().__init__()
