"""Keras on TensorFlow."""
import os

from peers.keras_model import KerasModel


class Peer(KerasModel):
    def __init__(self, threads):
        os.environ.update(KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
        import tensorflow
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        super().__init__()
