"""Writes Fixtures/golden/adaptation/relative_gradients.json: ||gradient|| / ||values|| of each layer of the small CNN on twelve scans.

Weights, gammas, betas and pixels come from the formula of models_logits.py, `uniform(key, count)`: convolution and linear weights
sqrt(6 / fan in) * u, the linear bias 0.1 u, gamma 1 + 0.2 u, beta 0.2 u; pixel i of scan k is floor(128 (u + 1)) of `uniform("scan<k>", 256)`,
16 by 16, standardized by mean 0.43 and standard deviation 0.2 of the range to 1; scan k has class k mod 2. Batch statistics, mean
cross-entropy, in float64. Run from the package root.
"""
import json
import math
import pathlib

import numpy as np
import torch
from torch import nn

U64 = (1 << 64) - 1


def uniform(key, count):
    start = 0xCBF29CE484222325
    for byte in key.encode():
        start = (start ^ byte) * 0x100000001B3 & U64
    with np.errstate(over="ignore"):
        z = np.arange(count, dtype=np.uint64) + np.uint64(start) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) / 2**23 - 1


class SmallCNN(nn.Module):
    def __init__(self):
        super().__init__()
        inputs = 1
        for index, width in enumerate([16, 32, 64, 64]):
            block = nn.Module()
            block.conv, block.bn = nn.Conv2d(inputs, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
            setattr(self, f"block{index + 1}", block)
            inputs = width
        self.fc = nn.Linear(64, 2)

    def forward(self, x):
        for index in range(4):
            block = getattr(self, f"block{index + 1}")
            x = torch.relu(block.bn(block.conv(x)))
            if index < 3:
                x = torch.max_pool2d(x, 2)
        return self.fc(x.mean((2, 3)))


net = SmallCNN().double().train()
with torch.no_grad():
    for key, parameter in net.named_parameters():
        u = uniform(key, parameter.numel())
        if parameter.dim() > 1:
            u = u * math.sqrt(6 / math.prod(parameter.shape[1:]))
        elif key.startswith("fc"):
            u = 0.1 * u
        else:
            u = 1 + 0.2 * u if key.endswith("weight") else 0.2 * u
        parameter.copy_(torch.tensor(u.astype(np.float32)).reshape(parameter.shape))

pixels = np.stack([np.floor(128 * (uniform(f"scan{k}", 256) + 1)) for k in range(12)])
images = torch.tensor((pixels / 255 - 0.43) / 0.2).reshape(12, 1, 16, 16)
nn.functional.cross_entropy(net(images), torch.arange(12) % 2).backward()

pulls = {}
for block in range(1, 5):
    for layer in ["conv", "bn"]:
        parameters = list(getattr(getattr(net, f"block{block}"), layer).parameters())
        norm = lambda tensors: math.sqrt(sum(float(t.detach().square().sum()) for t in tensors))
        pulls[f"block{block}.{layer}"] = norm([p.grad for p in parameters]) / norm(parameters)
path = pathlib.Path("Fixtures/golden/adaptation/relative_gradients.json")
path.write_text(json.dumps(pulls, indent=1) + "\n")
print(pulls)
