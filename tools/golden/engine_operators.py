"""Writes Fixtures/golden/engine/operators: forward values, losses and gradients of small networks, one for each operator.

Each case is: images -> stem (1x1 convolution, so that the operator's input gradient is seen in the stem's weight) -> the operator ->
flatten -> head (linear) -> cross-entropy. Tests/EngineTests/OperatorCases.swift builds the same networks as graphs.
"""
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from blob import Blob

torch.manual_seed(20)
torch.set_num_threads(1)
blob = Blob("operators")


class Network(nn.Module):
    def __init__(self, op, stem_channels, forward=None, images=(3, 3, 6, 5)):
        super().__init__()
        self.stem = nn.Conv2d(images[1], stem_channels, 1)
        self.op = op
        self.apply_op = forward or (lambda net, x: net.op(x))
        self.images = images
        with torch.no_grad():
            features = self.apply_op(self, self.stem(torch.randn(images))).flatten(1).shape[1]
        self.head = nn.Linear(features, 3)

    def forward(self, x):
        self.middle = self.apply_op(self, self.stem(x))
        return self.head(self.middle.flatten(1))


def randomize(net):
    for name, p in net.named_parameters():
        if name.startswith("op") and p.dim() == 1:
            p.data.uniform_(0.5, 1.5)
    for name, b in net.named_buffers():
        if name.endswith("running_mean"):
            b.uniform_(-0.5, 0.5)
        if name.endswith("running_var"):
            b.uniform_(0.5, 2)


def record(case, net, loss=None, targets=(2, 0, 1), train=True):
    randomize(net)
    net.train(train)
    x = torch.randn(net.images)
    state = {k: v.clone() for k, v in net.state_dict().items()}
    logits = net(x)
    targets = torch.tensor(targets)
    value = (loss or F.cross_entropy)(logits, targets)
    value.backward()
    blob.add(f"{case}/images", x)
    for key, tensor in state.items():
        if not key.endswith("num_batches_tracked"):
            blob.add(f"{case}/state/{key}", tensor)
    blob.add(f"{case}/middle", net.middle)
    blob.add(f"{case}/logits", logits)
    blob.add(f"{case}/loss", value.reshape(1))
    for name, p in net.named_parameters():
        blob.add(f"{case}/gradient/{name}", p.grad)
    for name, b in net.named_buffers():
        if "running" in name:
            blob.add(f"{case}/after/{name}", b)


conv = nn.Conv2d
record("conv3x3", Network(conv(5, 7, 3, padding=1), 5))
record("conv3x3stride2", Network(conv(8, 6, 3, stride=2, padding=1, bias=False), 8))
record("conv3x3dilation2", Network(conv(5, 4, 3, padding=2, dilation=2), 5))
record("conv3x3groups2", Network(conv(6, 4, 3, padding=1, groups=2), 6))
record("conv1x1", Network(conv(9, 5, 1), 9))
record("conv1x1stride2", Network(conv(9, 5, 1, stride=2), 9))
record("conv7x7stride2", Network(conv(3, 5, 7, stride=2, padding=3), 3))
record("conv5x5", Network(conv(4, 3, 5, padding=2), 4))
record("depthwise", Network(conv(6, 6, 3, padding=1, groups=6), 6))
record("depthwiseStride2", Network(conv(10, 10, 3, stride=2, padding=1, groups=10), 10))
record("depthwiseMultiplier", Network(conv(6, 12, 3, padding=1, groups=6), 6))
record("convAsymmetric", Network(conv(5, 4, (3, 2), stride=2), 5, lambda n, x: n.op(F.pad(x, (0, 1, 2, 1)))))
record("onePixel", Network(conv(5, 7, 3, padding=1), 5, images=(3, 4, 1, 1)))
record("linear", Network(nn.Linear(5 * 30, 6), 5, lambda n, x: n.op(x.flatten(1))[:, :, None, None]))

record("batchNorm", Network(nn.BatchNorm2d(5), 5))
record("batchNormStored", Network(nn.BatchNorm2d(5), 5), train=False)
record("instanceNorm", Network(nn.InstanceNorm2d(5, affine=True), 5))
record("groupNorm", Network(nn.GroupNorm(2, 6), 6))


class Mixed(nn.Module):
    """Instance normalization of channels 0, 3, 4 and batch normalization of the rest, under one gamma and beta."""

    def __init__(self, channels):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)
        self.marked = torch.tensor([c in (0, 3, 4) for c in range(channels)])

    def forward(self, x):
        instance = F.instance_norm(x, weight=self.bn.weight, bias=self.bn.bias)
        return torch.where(self.marked[None, :, None, None], instance, self.bn(x))


mixed = Network(Mixed(6), 6)
record("mixedNorm", mixed)
record("relu", Network(nn.ReLU(), 5))
record("relu6", Network(nn.ReLU6(), 5, lambda n, x: n.op(x * 6)))
record("maxPool", Network(nn.MaxPool2d(3, 2, 1), 5))
record("maxPool2", Network(nn.MaxPool2d(2, 2), 5))
record("averagePool", Network(nn.AvgPool2d(3, 2, 1), 5))
record("averagePool2", Network(nn.AvgPool2d(2, 2), 5))
record("globalPool", Network(nn.AdaptiveAvgPool2d(1), 11))
record("subsampling", Network(nn.Identity(), 5, lambda n, x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 3))))
record("addition", Network(conv(5, 5, 3, padding=1), 5, lambda n, x: F.relu(n.op(x) + x)))
record("concatenation", Network(conv(8, 5, 3, padding=1), 8, lambda n, x: torch.cat([x, n.op(x)], 1)))
record("concatenationUnaligned", Network(conv(5, 6, 3, padding=1), 5, lambda n, x: torch.cat([x, n.op(x), x], 1)))


class Dense(nn.Module):
    """Two dense layers: normalization, ReLU, convolution, each on the concatenation of all before."""

    def __init__(self):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.bn2, self.conv2 = nn.BatchNorm2d(16), nn.Conv2d(16, 8, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(24)

    def forward(self, x):
        a = self.conv1(F.relu(self.bn1(x)))
        b = self.conv2(F.relu(self.bn2(torch.cat([x, a], 1))))
        return F.relu(self.bn3(torch.cat([x, a, b], 1)))


record("dense", Network(Dense(), 8))
record("denseStored", Network(Dense(), 8), train=False)


class Block(nn.Module):
    """ResNet's basic block with a projected shortcut, then one with the identity."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(5, 9, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(9)
        self.conv2, self.bn2 = nn.Conv2d(9, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9)
        self.down, self.downbn = nn.Conv2d(5, 9, 1, stride=2, bias=False), nn.BatchNorm2d(9)
        self.conv3, self.bn3 = nn.Conv2d(9, 9, 3, padding=1, bias=False), nn.BatchNorm2d(9)

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downbn(self.down(x)))
        return F.relu(self.bn3(self.conv3(y)) + y)


record("block", Network(Block(), 5))
record("blockStored", Network(Block(), 5), train=False)
weights = torch.tensor([0.5, 2.0, 3.0])
record("weightedLoss", Network(nn.ReLU(), 5), lambda y, t: F.cross_entropy(y, t, weight=weights, label_smoothing=0.1), targets=(2, 0, 1))
record("maskedLoss", Network(nn.ReLU(), 5), lambda y, t: F.cross_entropy(y, t, ignore_index=-1), targets=(2, -1, 1))


class DenseBottleneck(nn.Module):
    """Two of DenseNet's layers, normalization, ReLU, 1x1 convolution, the same with 3x3, and a transition's 1x1 convolution."""

    def __init__(self):
        super().__init__()
        for i, width in enumerate([8, 16], 1):
            setattr(self, f"bn{i}a", nn.BatchNorm2d(width))
            setattr(self, f"conv{i}a", nn.Conv2d(width, 12, 1, bias=False))
            setattr(self, f"bn{i}b", nn.BatchNorm2d(12))
            setattr(self, f"conv{i}b", nn.Conv2d(12, 8, 3, padding=1, bias=False))
        self.bn3, self.conv3 = nn.BatchNorm2d(24), nn.Conv2d(24, 10, 1, bias=False)

    def forward(self, x):
        a = self.conv1b(F.relu(self.bn1b(self.conv1a(F.relu(self.bn1a(x))))))
        x = torch.cat([x, a], 1)
        a = self.conv2b(F.relu(self.bn2b(self.conv2a(F.relu(self.bn2a(x))))))
        return self.conv3(F.relu(self.bn3(torch.cat([x, a], 1))))


record("denseBottleneck", Network(DenseBottleneck(), 8))
record("denseBottleneckStored", Network(DenseBottleneck(), 8), train=False)


class Bottleneck(nn.Module):
    """ResNet's bottleneck without strides, twice."""

    def __init__(self):
        super().__init__()
        for i in (1, 2):
            setattr(self, f"conv{i}a", nn.Conv2d(9, 5, 1, bias=False))
            setattr(self, f"bn{i}a", nn.BatchNorm2d(5))
            setattr(self, f"conv{i}b", nn.Conv2d(5, 5, 3, padding=1, bias=False))
            setattr(self, f"bn{i}b", nn.BatchNorm2d(5))
            setattr(self, f"conv{i}c", nn.Conv2d(5, 9, 1, bias=False))
            setattr(self, f"bn{i}c", nn.BatchNorm2d(9))

    def forward(self, x):
        for i in "12":
            layer = lambda kind: getattr(self, kind.replace("#", i))
            y = F.relu(layer("bn#a")(layer("conv#a")(x)))
            y = F.relu(layer("bn#b")(layer("conv#b")(y)))
            x = F.relu(layer("bn#c")(layer("conv#c")(y)) + x)
        return x


record("bottleneck", Network(Bottleneck(), 9))
record("bottleneckStored", Network(Bottleneck(), 9), train=False)

blob.write()
