"""Writes Fixtures/golden/engine/training: ten steps of a tiny ResNet and a tiny MobileNet by SGD and by AdamW, everything or only the
normalizations' gamma and beta trained; the ResNet at a rate for each layer, under L2-SP, by weighted and smoothed cross-entropy, and by the
entropy of the answers (Tent); losses, and the state after them."""
import copy, torch
from torch import nn
from torch.nn import functional as F
from blob import Blob

torch.manual_seed(3)
torch.set_num_threads(1)
blob = Blob("training")


class TinyResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv3, self.bn3 = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv4, self.bn4 = nn.Conv2d(8, 12, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(12)
        self.conv5, self.bn5 = nn.Conv2d(12, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12)
        self.down, self.downbn = nn.Conv2d(8, 12, 1, stride=2, bias=False), nn.BatchNorm2d(12)
        self.fc = nn.Linear(12, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = F.relu(self.bn3(self.conv3(F.relu(self.bn2(self.conv2(x))))) + x)
        x = F.relu(self.bn5(self.conv5(F.relu(self.bn4(self.conv4(x))))) + self.downbn(self.down(x)))
        return self.fc(x.mean((2, 3)))


class TinyMobileNet(nn.Module):
    """A stem, an inverted residual with a shortcut, one that strides; ReLU6."""

    def __init__(self):
        super().__init__()
        self.stem, self.stembn = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8)
        for index, (inputs, outputs, stride) in enumerate([(8, 8, 1), (8, 12, 2)]):
            hidden = 4 * inputs
            setattr(self, f"expand{index}", nn.Conv2d(inputs, hidden, 1, bias=False))
            setattr(self, f"expandbn{index}", nn.BatchNorm2d(hidden))
            setattr(self, f"depth{index}", nn.Conv2d(hidden, hidden, 3, stride=stride, padding=1, groups=hidden, bias=False))
            setattr(self, f"depthbn{index}", nn.BatchNorm2d(hidden))
            setattr(self, f"project{index}", nn.Conv2d(hidden, outputs, 1, bias=False))
            setattr(self, f"projectbn{index}", nn.BatchNorm2d(outputs))
        self.fc = nn.Linear(12, 4)

    def block(self, index, x):
        layer = lambda name: getattr(self, f"{name}{index}")
        x = F.relu6(layer("expandbn")(layer("expand")(x)))
        x = F.relu6(layer("depthbn")(layer("depth")(x)))
        return layer("projectbn")(layer("project")(x))

    def forward(self, x):
        x = F.relu6(self.stembn(self.stem(x)))
        x = self.block(0, x) + x
        return self.fc(self.block(1, x).mean((2, 3)))


def norms_of(net):
    """Only these train; returns them."""
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    trained = [p for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()]
    for parameter in trained:
        parameter.requires_grad_(True)
    return trained


margins = []


def entropy_below(limit):
    """Tent's loss, over the images that EATA's first filter lets pass."""

    def loss(logits, _):
        entropies = -(logits.softmax(1) * logits.log_softmax(1)).sum(1)
        margins.append(float((entropies.detach() - limit).abs().min()))
        return entropies[entropies < limit].mean()

    loss.is_entropy = True
    return loss


def run(name, net, optimizer, clip=None, loss_of=F.cross_entropy, before_step=lambda: None):
    losses = []
    margins.clear()
    for step in range(10):
        optimizer.zero_grad()
        loss = loss_of(net(images[step]), targets[step].long())
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(net.parameters(), clip)
        before_step()
        optimizer.step()
        losses.append(loss.detach())
    blob.add(f"{name}/losses", torch.stack(losses))
    for key, tensor in net.state_dict().items():
        if not key.endswith("num_batches_tracked") and (not hasattr(loss_of, "is_entropy") or "bn" in key):
            blob.add(f"{name}/after/{key}", tensor)
    print(name, [round(float(l), 4) for l in losses], f"nearest to the limit: {min(margins)}" if margins else "")


start = TinyResNet()
images = torch.randn(10, 6, 3, 16, 14)
targets = torch.randint(0, 4, (10, 6)).float()
blob.add("images", images)
blob.add("targets", targets)
for key, tensor in start.state_dict().items():
    if not key.endswith("num_batches_tracked"):
        blob.add(f"state/{key}", tensor)


def fresh(kind=None):
    return copy.deepcopy(kind or start).train()


net = fresh()
run("sgd", net, torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4))
net = fresh()
run("nesterov", net, torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True), clip=1.0)
net = fresh()
run("adamw", net, torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05))
net = fresh()
run("norms", net, torch.optim.SGD(norms_of(net), lr=0.05, momentum=0.9))
net = fresh()
run("tent", net, torch.optim.Adam(norms_of(net), lr=1e-2), loss_of=entropy_below(float("inf")))
net = fresh()
run("tent-limited", net, torch.optim.SGD(norms_of(net), lr=0.5, momentum=0.9), loss_of=entropy_below(1.342))

mobile = TinyMobileNet()
for key, tensor in mobile.state_dict().items():
    if not key.endswith("num_batches_tracked"):
        blob.add(f"mobile-state/{key}", tensor)
net = fresh(mobile)
run("mobile", net, torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4))
net = fresh(mobile)
run("mobile-norms", net, torch.optim.SGD(norms_of(net), lr=0.05, momentum=0.9))

# A rate for each layer: a third of it from one part to the one before.
net = fresh()
parts = [[net.fc], [net.conv4, net.bn4, net.conv5, net.bn5, net.down, net.downbn], [net.conv2, net.bn2, net.conv3, net.bn3], [net.conv1, net.bn1]]
groups = [{"params": [p for m in part for p in m.parameters()], "lr": 0.05 / 3**depth} for depth, part in enumerate(parts)]
run("discriminative", net, torch.optim.SGD(groups, lr=0.05, momentum=0.9))


def l2sp(net):
    """The pretrained parameters with their starting points; the head is new."""
    return [(p, p.detach().clone()) for name, p in net.named_parameters() if not name.startswith("fc")]


# With SGD the penalty is in the loss, and reported without it; the head decays to 0.
net = fresh()
starts = l2sp(net)
head = list(net.fc.parameters())
penalty = lambda: sum(0.1 / 2 * (p - start).square().sum() for p, start in starts)


def penalize():
    for p, gradient in zip([p for p, _ in starts], torch.autograd.grad(penalty(), [p for p, _ in starts])):
        p.grad += gradient


groups = [{"params": [p for p, _ in starts], "weight_decay": 0.0}, {"params": head, "weight_decay": 0.05}]
run("l2sp-sgd", net, torch.optim.SGD(groups, lr=0.05, momentum=0.9), before_step=penalize)

# With AdamW apart from the gradient, as its decay is.
net = fresh()
starts = l2sp(net)


@torch.no_grad()
def pull():
    for p, start in starts:
        p -= 2e-3 * 5.0 * (p - start)


groups = [{"params": [p for p, _ in starts], "weight_decay": 0.0}, {"params": list(net.fc.parameters()), "weight_decay": 0.05}]
run("l2sp-adamw", net, torch.optim.AdamW(groups, lr=2e-3), before_step=pull)

net = fresh()
weights = torch.tensor([0.5, 2.0, 1.25, 0.8])
run("smoothed", net, torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9),
    loss_of=lambda z, y: F.cross_entropy(z, y, weight=weights, label_smoothing=0.15))
blob.write()
