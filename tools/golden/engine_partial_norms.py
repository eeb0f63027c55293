"""Writes Fixtures/golden/engine/partial_norms: a residual block whose normalizations are per image in some channels and per batch (or
stored) in the rest, forward and backward, as PyTorch does it with a mask.

Tests/EngineTests/PartialInstanceNormTests.swift builds the same network as a graph.
"""
import torch
from torch import nn
from torch.nn import functional as F
from blob import Blob

torch.manual_seed(23)
torch.set_num_threads(1)
blob = Blob("partial_norms")


class Mixed(nn.BatchNorm2d):
    """Instance normalization of the marked channels, batch normalization of the rest, under one gamma and beta."""

    def __init__(self, marked):
        super().__init__(len(marked))
        self.marked = torch.tensor(marked)

    def forward(self, x):
        instance = F.instance_norm(x, weight=self.weight, bias=self.bias)
        return torch.where(self.marked[None, :, None, None], instance, super().forward(x))


class Network(nn.Module):
    """stem - (conv1, norm1, relu, conv2, norm2) + (down, downnorm) - relu - pool - head."""

    def __init__(self):
        super().__init__()
        self.stem, self.stemnorm = nn.Conv2d(2, 10, 3, padding=1, bias=False), Mixed([c < 5 for c in range(10)])
        self.conv1, self.norm1 = nn.Conv2d(10, 9, 3, stride=2, padding=1, bias=False), Mixed([c in (0, 3, 4, 8) for c in range(9)])
        self.conv2, self.norm2 = nn.Conv2d(9, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9)
        self.down, self.downnorm = nn.Conv2d(10, 9, 1, stride=2, bias=False), Mixed([c % 2 == 1 for c in range(9)])
        self.head = nn.Linear(9, 3)

    def forward(self, x):
        x = F.relu(self.stemnorm(self.stem(x)))
        y = self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x)))))
        return self.head(F.relu(y + self.downnorm(self.down(x))).mean((2, 3)))


for case, train in (("batch", True), ("stored", False)):
    net = Network()
    for name, p in net.named_parameters():
        if "norm" in name:
            p.data.uniform_(0.5, 1.5) if name.endswith("weight") else p.data.normal_(0, 0.5)
    for name, b in net.named_buffers():
        if name.endswith("running_mean"):
            b.normal_(0, 0.5)
        if name.endswith("running_var"):
            b.uniform_(0.5, 2)
    net.train(train)
    x = torch.randn(4, 2, 9, 8) * (0.5 + torch.rand(4, 1, 1, 1)) + torch.randn(4, 1, 1, 1)
    state = {k: v.clone() for k, v in net.state_dict().items()}
    logits = net(x)
    loss = F.cross_entropy(logits, torch.tensor([2, 0, 1, 1]))
    loss.backward()
    blob.add(f"{case}/images", x)
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            blob.add(f"{case}/state/{key}", tensor)
    blob.add(f"{case}/logits", logits)
    blob.add(f"{case}/loss", loss.reshape(1))
    for name, p in net.named_parameters():
        blob.add(f"{case}/gradient/{name}", p.grad)
blob.write()
