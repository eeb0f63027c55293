"""Writes Fixtures/golden/adaptation: twenty training steps of a small residual network from the same start, everything or only the
normalizations trained, with low-rank updates (by PEFT itself), with parallel and with series adapters; the losses of each. And the
adapter folder that PEFT saved, with the logits of the network it is loaded into."""
import copy, json, pathlib, shutil, torch
import peft
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

torch.manual_seed(11)
torch.set_num_threads(1)
out = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/adaptation"
out.mkdir(parents=True, exist_ok=True)
STEPS, RANK, ALPHA, GROUPS = 20, 4, 6, 2


class Block(nn.Module):
    """Strided and grouped, then plain; a strided 1x1 shortcut."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(8, 12, 3, stride=2, padding=1, groups=GROUPS, bias=False), nn.BatchNorm2d(12)
        self.conv2, self.bn2 = nn.Conv2d(12, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12)
        self.downsample = nn.Sequential(nn.Conv2d(8, 12, 1, stride=2, bias=False), nn.BatchNorm2d(12))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Block())
        self.hidden, self.fc = nn.Linear(12, 10), nn.Linear(10, 3)

    def forward(self, x):
        x = self.layer1(F.relu(self.bn1(self.conv1(x))))
        return self.fc(F.relu(self.hidden(x.mean((2, 3)))))


class Parallel(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv
        self.parallel = nn.Conv2d(conv.in_channels, conv.out_channels, 1, stride=conv.stride, groups=conv.groups, bias=False)
        nn.init.zeros_(self.parallel.weight)

    def forward(self, x):
        return self.conv(x) + self.parallel(x)


class Series(nn.Module):
    def __init__(self, block, channels, width):
        super().__init__()
        self.block, self.down, self.up = block, nn.Conv2d(channels, width, 1), nn.Conv2d(width, channels, 1)
        for values in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(values)

    def forward(self, x):
        x = self.block(x)
        return x + self.up(F.relu(self.down(x)))


start = Network()
with torch.no_grad():
    for module in start.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.uniform_(0.5, 1.5), module.bias.normal_(0, 0.2)
            module.running_mean.normal_(0, 0.3), module.running_var.uniform_(0.5, 1.5)
images = torch.randn(2, 6, 3, 8, 8)
targets = torch.randint(0, 3, (2, 6))
tensors = {f"state/{k}": v.clone() for k, v in start.state_dict().items() if not k.endswith("num_batches_tracked")}
tensors |= {"images": images, "targets": targets.float()}
losses, rates = {}, {}


def train(name, net, parameters, rate, adamw=False):
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01) if adamw else torch.optim.SGD(parameters, lr=rate, momentum=0.9)
    net.train()
    losses[name], rates[name] = [], rate
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(net(images[step % 2]), targets[step % 2])
        loss.backward()
        optimizer.step()
        losses[name].append(float(loss.detach()))
    print(f"{name:>12}", [round(l, 4) for l in losses[name][::4]])


net = copy.deepcopy(start)
train("full", net, list(net.parameters()), 0.05)

net = copy.deepcopy(start)
train("bn-only", net, [p for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()], 0.3)

net = copy.deepcopy(start)
for parent, name in ((net, "conv1"), (net.layer1[0], "conv1"), (net.layer1[0], "conv2")):
    setattr(parent, name, Parallel(getattr(parent, name)))
train("parallel-adapter", net, [p for n, p in net.named_parameters() if ".parallel." in n], 0.2)

net = copy.deepcopy(start)
net.layer1[0] = Series(net.layer1[0], 12, 3)
tensors["state/layer1.0.adapter.down.weight"] = net.layer1[0].down.weight.detach().clone()
train("series-adapter", net, [p for n, p in net.named_parameters() if ".down." in n or ".up." in n], 0.3)

# PEFT's A of a grouped convolution reads all groups, which can't be merged. Kept to its own group, it is ours.
layers = ["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.0.downsample.0", "hidden"]
pattern = "|".join(name.replace(".", r"\.") for name in layers)
grouped = "base_model.model.layer1.0.conv1.lora_A.default.weight"
rows = RANK // GROUPS
mask = torch.zeros(RANK, 8, 3, 3)
for group in range(GROUPS):
    mask[group * rows : (group + 1) * rows, group * 4 : (group + 1) * 4] = 1


def low_rank(name, rate, adamw=False, stabilized=False):
    torch.manual_seed(12)
    net = get_peft_model(
        copy.deepcopy(start), LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=pattern, use_rslora=stabilized))
    net.get_parameter(grouped).data.mul_(mask)
    for key, value in net.named_parameters():
        if "lora_A" in key:
            name_here = "state/" + key.removeprefix("base_model.model.").replace(".default", "")
            value = value.detach().clone()
            if key == grouped:
                value = torch.cat([value[g * rows : (g + 1) * rows, g * 4 : (g + 1) * 4] for g in range(GROUPS)])
            tensors[name_here] = value
    trained = [p for n, p in net.named_parameters() if "lora_" in n]
    net.get_parameter(grouped).register_hook(lambda gradient: gradient * mask)
    train(name, net, trained, rate, adamw)
    return net


low_rank("lora-sgd", 0.1)
low_rank("lora-rslora", 0.05, stabilized=True)
net = low_rank("lora-adamw", 1e-2, adamw=True)

shutil.rmtree(out / "peft", ignore_errors=True)
net.save_pretrained(out / "peft")
(out / "peft/README.md").unlink(missing_ok=True)
(out / "peft/adapter_model.safetensors").chmod(0o644)
loaded = PeftModel.from_pretrained(copy.deepcopy(start).double(), out / "peft").double().eval()
logits = loaded(images[0].double()).detach()
save_file(tensors, out / "network.safetensors")
(out / "network.safetensors").chmod(0o644)
(out / "expected.json").write_text(json.dumps({"losses": losses, "rates": rates, "peftLogits": logits.tolist()}, indent=1) + "\n")
print("PEFT", peft.__version__, "torch", torch.__version__)
