"""Writes Fixtures/golden/models/logits.json: logits of networks whose weights both sides compute from a formula.

Value i of the tensor KEY is u = (splitmix64(fnv1a(KEY) + i) >> 40) / 2^23 - 1 in [-1, 1), exact in float32, and then, in double precision:
convolution and linear weights sqrt(6 / fan in) * u, biases 0.1 u, gamma 1 + 0.2 u, beta 0.2 u. Statistics are calibrated: with m and v the
mean and variance over all of a normalization's input, which is already normalized by the layers before, running means are m + 0.2 u sqrt(v)
and running variances v (1 + 0.5 u); m and v, rounded to float32, stand beside the logits. The input of two images is the tensor "input".
PyTorch runs in float64 on weights and statistics rounded to float32. Run from the package root.
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from models_architectures import architecture

U64 = (1 << 64) - 1


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 & U64
    return value


def uniform(key, count):
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(fnv1a(key)) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


def seeded(key, shape):
    u = uniform(key, math.prod(shape))
    field = key.rpartition(".")[2]
    if field == "weight" and len(shape) > 1:
        u = u * math.sqrt(6 / math.prod(shape[1:]))
    elif field == "weight":
        u = 1 + 0.2 * u
    elif field == "bias" and is_linear(key):
        u = 0.1 * u
    elif key != "input":
        u = 0.2 * u
    return torch.tensor(u.astype(np.float32)).reshape(shape)


def is_linear(key):
    return state[key.removesuffix("bias") + "weight"].dim() > 1


def calibrating(path, statistics):
    """Sets a normalization's statistics to those of what it is about to read."""
    def hook(module, inputs):
        m, v = (float(np.float32(x)) for x in (inputs[0].mean().item(), inputs[0].var(correction=0).item()))
        statistics[path] = [m, v]
        count = module.num_features
        mean = m + 0.2 * uniform(f"{path}.running_mean", count) * math.sqrt(v)
        variance = v * (1 + 0.5 * uniform(f"{path}.running_var", count))
        module.running_mean.copy_(torch.tensor(mean.astype(np.float32)))
        module.running_var.copy_(torch.tensor(variance.astype(np.float32)))
    return hook


result = {}
for name, channels, side in [
    ("resnet18", 1, 64), ("resnet34", 3, 64), ("resnet50", 3, 64), ("mobilenet_v2", 1, 64), ("cifar_resnet20", 3, 32), ("cifar_resnet32", 3, 32),
    ("cifar_resnet56", 1, 32), ("small_cnn", 1, 48), ("densenet121", 3, 64), ("efficientnet_lite0", 1, 64), ("vgg11_bn", 3, 224),
    ("vgg16_bn", 3, 224),
]:
    model = architecture(name, 5, channels)
    if name.startswith("vgg"):
        # A linear head: the published one has 124 million weights, and the same layers as the rest.
        model.classifier = torch.nn.Linear(25088, 5)
    state = model.state_dict()
    model.load_state_dict({k: v if "running" in k or "num_batches" in k else seeded(k, list(v.shape)) for k, v in state.items()})
    model.double().eval()
    statistics = {}
    for path, module in model.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.register_forward_pre_hook(calibrating(path, statistics))
    with torch.no_grad():
        logits = model(seeded("input", [2, channels, side, side]).double())
    result[name] = {
        "channels": channels, "side": side, "logits": [[float(f"{v:.9g}") for v in row] for row in logits.tolist()],
        "statistics": statistics,
    }
    print(name, logits.abs().max().item())
lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in result.items()]
pathlib.Path("Fixtures/golden/models/logits.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
