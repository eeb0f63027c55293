"""Writes Fixtures/golden/engine/findings: binary cross-entropy over known entries, its gradients, and ten steps of a linear network."""
import torch, torch.nn as nn, torch.nn.functional as F
from blob import Blob

torch.manual_seed(0)
blob = Blob("findings")


def loss_of(logits, targets, positive_weights=None, smoothing=0.0):
    """targets: 1, 0, or -1 for unknown."""
    known = (targets >= 0).to(logits.dtype)
    y = targets.clamp(min=0) * (1 - smoothing) + smoothing / 2
    total = F.binary_cross_entropy_with_logits(logits, y, weight=known, pos_weight=positive_weights, reduction="sum")
    return total / known.sum()


logits = torch.randn(7, 5, dtype=torch.float64) * 4
logits[0, 0], logits[0, 1], logits[1, 2] = 60, -60, 200
targets = torch.randint(-1, 2, (7, 5)).double()
targets[0, :3] = torch.tensor([0.0, 1.0, -1.0])
targets[3] = -1
weights = torch.tensor([0.5, 1.0, 2.0, 3.5, 1.25], dtype=torch.float64)
blob.add("logits", logits.float())
blob.add("targets", targets.float())
blob.add("weights", weights.float())
for name, w, s, t in [("plain", None, 0, targets), ("weighted", weights, 0, targets), ("smoothed", weights, 0.1, targets),
                      ("known", weights, 0.1, targets.abs())]:
    z = logits.float().double().requires_grad_(True)
    loss = loss_of(z, t, w, s)
    loss.backward()
    if name == "known":  # everything is known: PyTorch's own mean
        own = nn.BCEWithLogitsLoss(pos_weight=w)(z, t * (1 - s) + s / 2)
        assert torch.allclose(own, loss, rtol=1e-12), (own, loss)
    blob.add(f"{name}/loss", loss)
    blob.add(f"{name}/gradient", z.grad)

net = nn.Linear(12, 5)
features = torch.randn(10, 8, 12)
steps = torch.randint(-1, 2, (10, 8, 5)).float()
blob.add("start/weight", net.weight)
blob.add("start/bias", net.bias)
blob.add("features", features)
blob.add("step-targets", steps)
optimizer = torch.optim.AdamW(net.parameters(), lr=5e-2, weight_decay=0.01)
losses = []
for x, t in zip(features, steps):
    optimizer.zero_grad()
    loss = loss_of(net(x), t, weights.float(), 0.05)
    loss.backward()
    optimizer.step()
    losses.append(loss.detach())
blob.add("losses", torch.stack(losses))
blob.add("after/weight", net.weight)
blob.add("after/bias", net.bias)
blob.write()
