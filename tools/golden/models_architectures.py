"""The networks that tools/golden checks, as PyTorch modules: torchvision's, and the ones torchvision doesn't have.

Key names are those of the published weight files: akamaster/pytorch_resnet_cifar10 and lukemelas/EfficientNet-PyTorch.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision


class OptionABlock(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.pad = width // 4 if inputs != width else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.pad is not None:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


class CIFARResNet(nn.Module):
    def __init__(self, blocks, classes=10, channels=3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        widths, inputs = [16, 32, 64], 16
        for stage, width in enumerate(widths):
            layers = []
            for block in range(blocks):
                layers.append(OptionABlock(inputs, width, 2 if stage > 0 and block == 0 else 1))
                inputs = width
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.linear = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class SmallCNN(nn.Module):
    def __init__(self, classes=2, channels=3):
        super().__init__()
        for index, width in enumerate([16, 32, 64, 64]):
            block = nn.Module()
            block.conv = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
            block.bn = nn.BatchNorm2d(width)
            setattr(self, f"block{index + 1}", block)
            channels = width
        self.fc = nn.Linear(64, classes)

    def forward(self, x):
        for index in range(1, 5):
            block = getattr(self, f"block{index}")
            x = F.relu(block.bn(block.conv(x)))
            if index < 4:
                x = F.max_pool2d(x, 2)
        return self.fc(x.mean((2, 3)))


class SameConvolution(nn.Conv2d):
    """TensorFlow's "same" padding for even extents: the odd pixel below and right. Where there is none, the convolution pads itself."""

    def __init__(self, inputs, outputs, kernel, stride, **options):
        total = kernel - stride
        self.before, self.after = total // 2, total - total // 2
        super().__init__(inputs, outputs, kernel, stride, padding=self.before if self.before == self.after else 0, **options)

    def forward(self, x):
        if self.before != self.after:
            x = F.pad(x, (self.before, self.after, self.before, self.after))
        return super().forward(x)


class MobileBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        hidden = inputs * expansion
        if expansion != 1:
            self._expand_conv = nn.Conv2d(inputs, hidden, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(hidden, eps=1e-3)
        self._depthwise_conv = SameConvolution(hidden, hidden, kernel, stride, groups=hidden, bias=False)
        self._bn1 = nn.BatchNorm2d(hidden, eps=1e-3)
        self._project_conv = nn.Conv2d(hidden, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        y = x
        if hasattr(self, "_expand_conv"):
            y = F.relu6(self._bn0(self._expand_conv(y)))
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class EfficientNetLite0(nn.Module):
    TABLE = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3), (5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)]

    def __init__(self, classes=1000, channels=3):
        super().__init__()
        self._conv_stem = SameConvolution(channels, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        blocks, inputs = [], 32
        for kernel, stride, expansion, outputs, repeats in self.TABLE:
            for position in range(repeats):
                blocks.append(MobileBlock(inputs, outputs, kernel, stride if position == 0 else 1, expansion))
                inputs = outputs
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3)
        self._fc = nn.Linear(1280, classes)

    def forward(self, x):
        x = F.relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return self._fc(F.relu6(self._bn1(self._conv_head(x))).mean((2, 3)))


def architecture(name, classes, channels=3):
    """The module for a name that `--architecture` takes."""
    if name == "cifar_resnet20":
        return CIFARResNet(3, classes, channels)
    if name == "cifar_resnet32":
        return CIFARResNet(5, classes, channels)
    if name == "cifar_resnet56":
        return CIFARResNet(9, classes, channels)
    if name == "small_cnn":
        return SmallCNN(classes, channels)
    if name == "efficientnet_lite0":
        return EfficientNetLite0(classes, channels)
    model = getattr(torchvision.models, name)(num_classes=classes)
    if channels != 3:
        stem = {"resnet": "conv1", "mobilenet_v2": "features.0.0", "densenet": "features.conv0", "vgg": "features.0"}
        path = next(value for key, value in stem.items() if name.startswith(key))
        parent = model.get_submodule(path.rpartition(".")[0]) if "." in path else model
        old = model.get_submodule(path)
        new = nn.Conv2d(channels, old.out_channels, old.kernel_size, old.stride, old.padding, bias=old.bias is not None)
        setattr(parent, path.rpartition(".")[2], new)
    return model


NAMES = [
    "resnet18", "resnet34", "resnet50", "mobilenet_v2", "cifar_resnet20", "cifar_resnet32", "cifar_resnet56", "small_cnn", "densenet121",
    "efficientnet_lite0", "vgg11_bn", "vgg16_bn",
]
