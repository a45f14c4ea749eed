"""MNN, which only predicts."""
import subprocess
import sys

import MNN
import numpy as np
import onnx

from peers.onnx_runtime import onnx_model


class Peer:
    def __init__(self, threads):
        self.threads = threads

    def predictor(self, network, x):
        source, converted = (network.folder / f"{len(x)}.{ending}" for ending in ("onnx", "mnn"))
        onnx.save(onnx_model(network, len(x)), source)
        subprocess.run([sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--modelFile", source,
                        "--MNNModel", converted, "--bizCode", "cepa"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        interpreter = MNN.Interpreter(str(converted))
        session = interpreter.createSession({"numThread": self.threads, "backend": "CPU", "precision": "high"})
        inside, outside = interpreter.getSessionInput(session), interpreter.getSessionOutput(session)
        images = x.transpose(0, 3, 1, 2).copy()
        give = MNN.Tensor(images.shape, MNN.Halide_Type_Float, images, MNN.Tensor_DimensionType_Caffe)
        outputs = np.zeros(outside.getShape(), "float32")
        take = MNN.Tensor(outputs.shape, MNN.Halide_Type_Float, outputs, MNN.Tensor_DimensionType_Caffe)

        def predict():
            inside.copyFrom(give)
            interpreter.runSession(session)
            outside.copyToHostTensor(take)
            return np.array(take.getData(), "float32").reshape(outputs.shape)
        return predict
