"""Golden data for Normalization: a small residual network, twelve images, and what PyTorch in double precision makes of them.

    OMP_NUM_THREADS=1 python tools/golden/normalization.py

Writes Fixtures/golden/normalization/{network.safetensors,expected.json}.
"""
import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/normalization"


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 12, 3, 2, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(12, eps=1e-3)
        self.downsample = nn.Sequential(nn.Conv2d(8, 12, 1, 2, 0, bias=False), nn.BatchNorm2d(12))
        self.conv3 = nn.Conv2d(12, 8, 3, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(8)
        self.fc = nn.Linear(8, 3)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)) + self.downsample(x))
        x = F.relu(self.bn3(self.conv3(x)))
        return self.fc(x.mean((2, 3)))

    def layers(self):
        """In the order data meets them."""
        return [("bn1", self.bn1), ("bn2", self.bn2), ("downsample.1", self.downsample[1]), ("bn3", self.bn3)]


def fresh(state):
    network = Network().double()
    network.load_state_dict(state)
    return network.eval()


def inputs_of(network, layer, images):
    """What a layer reads, in evaluation mode."""
    seen = []
    hook = layer.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    with torch.no_grad():
        network(images)
    hook.remove()
    return seen[0].transpose(0, 1).flatten(1)


def statistics(network):
    return {name: {"mean": layer.running_mean.tolist(), "variance": layer.running_var.tolist()} for name, layer in network.layers()}


def layer_sequential(state, images, rho=0.0):
    network = fresh(state)
    for _, layer in network.layers():
        values = inputs_of(network, layer, images)
        layer.running_mean.mul_(rho).add_((1 - rho) * values.mean(1))
        layer.running_var.mul_(rho).add_((1 - rho) * values.var(1, unbiased=True))
    with torch.no_grad():
        return {"statistics": statistics(network), "logits": network(images).tolist()}


def one_pass(state, images, batch):
    """Each layer reads input normalized by its batch; the moments of all batches are pooled over the concatenated inputs."""
    network = fresh(state)
    seen = {name: [] for name, _ in network.layers()}
    hooks = [layer.register_forward_pre_hook(lambda _, args, name=name: seen[name].append(args[0])) for name, layer in network.layers()]
    network.train()
    with torch.no_grad():
        for part in images.split(batch):
            network(part)
    for hook in hooks:
        hook.remove()
    result = fresh(state)
    for name, layer in result.layers():
        values = torch.cat(seen[name]).transpose(0, 1).flatten(1)
        layer.running_mean.copy_(values.mean(1))
        layer.running_var.copy_(values.var(1, unbiased=True))
    with torch.no_grad():
        return {"statistics": statistics(result), "logits": result(images).tolist()}


def instance_normalized(state, images):
    """Every BatchNorm replaced by InstanceNorm2d with its gamma and beta, no running statistics."""
    network = fresh(state)
    for name, layer in network.layers():
        instance = nn.InstanceNorm2d(layer.num_features, eps=layer.eps, affine=True, track_running_stats=False).double()
        instance.weight.data.copy_(layer.weight)
        instance.bias.data.copy_(layer.bias)
        if name == "downsample.1":
            network.downsample[1] = instance
        else:
            setattr(network, name, instance)
    with torch.no_grad():
        return network.eval()(images).tolist()


def main():
    torch.manual_seed(20)
    network = Network()
    for _, layer in network.layers():
        nn.init.uniform_(layer.weight, 0.5, 1.5)
        nn.init.normal_(layer.bias, std=0.3)
        layer.running_mean.normal_(std=0.5)
        layer.running_var.uniform_(0.5, 2)
    state = {name: values for name, values in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    # Images of different brightness and contrast, so that patients differ.
    images = torch.randn(12, 2, 10, 10) * (0.5 + torch.rand(12, 1, 1, 1)) + torch.randn(12, 1, 1, 1)
    OUT.mkdir(parents=True, exist_ok=True)
    save_file({**{k: v.contiguous() for k, v in state.items()}, "images": images}, OUT / "network.safetensors")

    double = {name: values.double() for name, values in network.state_dict().items()}
    wide = images.double()
    expected = {
        "torch": torch.__version__,
        "sourceLogits": fresh(double)(wide).tolist(),
        "layerSequential": layer_sequential(double, wide),
        "layerSequentialPrior4": layer_sequential(double, wide, rho=4 / 16),
        "onePass4": one_pass(double, wide, 4),
        "instanceLogits": instance_normalized(double, wide),
    }
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1))


main()
