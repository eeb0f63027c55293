"""Writes Fixtures/golden/engine/domain_norms: eight steps of SGD with momentum on a small network whose BatchNorms exist once for each of
two domains (Chang et al. 2019), a domain per batch, convolutions and head shared.

Tests/EngineTests/TakingTurnsTests.swift trains the same with one set of gamma and beta in place at a time.
"""
import torch
from torch import nn
from torch.nn import functional as F
from blob import Blob

torch.manual_seed(29)
torch.set_num_threads(1)
blob = Blob("domain_norms")


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.ModuleList([nn.BatchNorm2d(6) for _ in range(2)])
        self.norm2 = nn.ModuleList([nn.BatchNorm2d(8) for _ in range(2)])
        self.head = nn.Linear(8, 2)

    def forward(self, x, domain):
        x = F.relu(self.norm1[domain](self.conv1(x)))
        return self.head(F.relu(self.norm2[domain](self.conv2(x))).mean((2, 3)))


net = Network().train()
for key, tensor in net.state_dict().items():
    if "norm" not in key:
        blob.add(f"state/{key}", tensor)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
for step, domain in enumerate([0, 1, 1, 0, 1, 0, 0, 1]):
    x = torch.randn(5, 2, 8, 8) * (1.0, 0.4)[domain] + (0.0, 1.5)[domain]
    y = torch.randint(0, 2, (5,))
    loss = F.cross_entropy(net(x, domain), y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    blob.add(f"step{step}/images", x)
    blob.add(f"step{step}/targets", y.float())
    blob.add(f"step{step}/domain", torch.tensor([float(domain)]))
    blob.add(f"step{step}/loss", loss.reshape(1))
for name, p in net.named_parameters():
    blob.add(f"after/{name}", p)
blob.write()
