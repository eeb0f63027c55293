"""The PyTorch and ONNX Runtime side of tools/bench.

Says its versions, then reads one request a line on stdin, {"network": "resnet18", "job": "inference", "batch": 16, "size": 224, "channels": 3,
"threads": 2, "repetitions": 1, "peer": "nchw" | "nhwc" | "onnxruntime"}, runs that job that many times and answers {"seconds": ...}
for one of them on stdout, so that the caller can alternate with its own side in one run. Jobs: inference, statistics, bn-only, full,
linear-probe; and gflop, which answers with PyTorch's count of one image's operations, so that the caller can see that both sides run
the same network.
"""

import functools
import io
import json
import os
import sys
import time

import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden"))
from models_architectures import architecture  # noqa: E402


def network(name, channels=3):
    """torchvision's network, or the published PyTorch module where torchvision has none (EfficientNet-Lite0, the CIFAR ResNets)."""
    torch.manual_seed(0)
    return architecture(name, 1000, channels)


def gflop(name, size, channels):
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(name, channels).eval()(torch.zeros(1, channels, size, size))
    return counter.get_total_flops() / 1e9


@functools.lru_cache(maxsize=2)
def torch_job(name, job, batch, size, channels, nhwc):
    model = network(name, channels)
    images = torch.randn(batch, channels, size, size)
    if nhwc:
        model, images = model.to(memory_format=torch.channels_last), images.to(memory_format=torch.channels_last)
    labels = torch.randint(0, 1000, (batch,))
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    if job == "inference":
        model.eval()

        def run():
            with torch.inference_mode():
                model(images)
    elif job == "statistics":
        model.train()
        for m in model.modules():
            if isinstance(m, torch.nn.Dropout):
                m.eval()

        def run():
            with torch.no_grad():
                model(images)
    else:
        model.train()
        trained = {"full": list(model.parameters()), "bn-only": [p for m in norms for p in m.parameters()],
                   "linear-probe": list(list(model.children())[-1].parameters())}[job]
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for parameter in trained:
            parameter.requires_grad_(True)
        if job == "linear-probe":
            model.eval()
        optimizer = torch.optim.SGD(trained, lr=1e-3, momentum=0.9)

        def run():
            optimizer.zero_grad(set_to_none=True)
            torch.nn.functional.cross_entropy(model(images), labels).backward()
            optimizer.step()
    run()
    return run


@functools.lru_cache(maxsize=2)
def onnx_job(name, batch, size, channels, threads):
    import onnxruntime
    model = network(name, channels).eval()
    buffer = io.BytesIO()
    images = torch.randn(batch, channels, size, size)
    torch.onnx.export(model, images, buffer, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images.numpy()}
    session.run(None, feed)
    return lambda: session.run(None, feed)


def versions():
    found = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    try:
        import onnxruntime
        found["onnxruntime"] = onnxruntime.__version__
    except ImportError:
        pass
    return found


def main():
    print(json.dumps(versions()), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            torch.set_num_threads(request["threads"])
            shape = (request["network"], request["batch"], request["size"], request.get("channels", 3))
            if request["job"] == "gflop":
                print(json.dumps({"gflop": gflop(shape[0], *shape[2:])}), flush=True)
                continue
            if request["peer"] == "onnxruntime":
                run = onnx_job(*shape, request["threads"])
            else:
                run = torch_job(shape[0], request["job"], *shape[1:], request["peer"] == "nhwc")
            start = time.perf_counter()
            for _ in range(request["repetitions"]):
                run()
            answer = {"seconds": (time.perf_counter() - start) / request["repetitions"]}
        except Exception as error:  # The caller prints it as a gap in the table.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
