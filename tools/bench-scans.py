"""The PyTorch side of the bench's jobs on scans: what people write, with Pillow, torchvision and a DataLoader of two workers.

bench-scans.py JOB MANIFEST --count N [--epochs E] [--batch B] [--workers W] [--threads T], JOB one of
  decode        read, resize and scale every scan once
  probe         a new head on a frozen ResNet-18; the backbone runs in every step (the usual loop)
  probe-cached  the same, with the backbone's features computed once
  bn-only       BatchNorm's gamma and beta of ResNet-18, then its statistics over all scans
  memory        one bn-only step on random images (no scans needed)
Prints {"seconds": ..., "peak_bytes": ...} (VmHWM of this process) and, for bn-only, the seconds of the training alone. Imports aren't timed.
Manifest columns: path, patient, scanner, label. Preprocessing is torchvision's for ImageNet weights; gray scans are repeated to three
channels after resizing, which spares the resize of three equal ones.
"""
import argparse
import csv
import json
import os
import time

import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

PREPARE = transforms.Compose([
    transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
    transforms.Lambda(lambda x: x.expand(3, -1, -1)),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])


class Scans(Dataset):
    def __init__(self, manifest, count):
        with open(manifest) as file:
            self.rows = list(csv.DictReader(file))[:count]
        self.root = os.path.dirname(manifest)
        self.classes = sorted({row["label"] for row in self.rows})

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        row = self.rows[index]
        with Image.open(os.path.join(self.root, row["path"])) as image:
            return PREPARE(image), self.classes.index(row["label"])


def loader(options, shuffle):
    return DataLoader(
        Scans(options.manifest, options.count), batch_size=options.batch, shuffle=shuffle, num_workers=options.workers,
        persistent_workers=options.workers > 0 and options.epochs > 1)


def network(classes):
    torch.manual_seed(0)
    model = torchvision.models.resnet18(weights=None)
    model.fc = torch.nn.Linear(512, classes)
    return model.to(memory_format=torch.channels_last)


def decode(options):
    return sum(images.shape[0] for images, _ in loader(options, False))


def probe(options):
    model = network(2).eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in model.fc.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.fc.parameters(), lr=1e-3)
    data = loader(options, True)
    for _ in range(options.epochs):
        for images, labels in data:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images.to(memory_format=torch.channels_last)), labels).backward()
            optimizer.step()


def probe_cached(options):
    model = network(2).eval()
    head, model.fc = model.fc, torch.nn.Identity()
    features, targets = [], []
    with torch.inference_mode():
        for images, labels in loader(options, False):
            features.append(model(images.to(memory_format=torch.channels_last)))
            targets.append(labels)
    features, targets = torch.cat(features).clone(), torch.cat(targets)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-3)
    for _ in range(options.epochs):
        for batch in torch.randperm(len(targets)).split(options.batch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(features[batch]), targets[batch]).backward()
            optimizer.step()


def bn_only_training(model):
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    trained = [p for norm in norms for p in norm.parameters()]
    for parameter in trained:
        parameter.requires_grad_(True)
    return norms, torch.optim.AdamW(trained, lr=1e-3)


def bn_only(options):
    start = time.perf_counter()
    model = network(2).train()
    norms, optimizer = bn_only_training(model)
    data = loader(options, True)
    for _ in range(options.epochs):
        for images, labels in data:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(images.to(memory_format=torch.channels_last)), labels).backward()
            optimizer.step()
    trained = time.perf_counter() - start
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the cumulative average
    with torch.no_grad():
        for images, _ in data:
            model(images.to(memory_format=torch.channels_last))
    return {"training_seconds": trained}


def memory(options):
    model = network(1000).train()
    _, optimizer = bn_only_training(model)
    images = torch.randn(options.batch, 3, 224, 224).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 1000, (options.batch,))
    for _ in range(2):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()


def peak_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=["decode", "probe", "probe-cached", "bn-only", "memory"])
    parser.add_argument("manifest", nargs="?")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(True)
    begin = time.perf_counter()
    extra = globals()[options.job.replace("-", "_")](options)
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes(), **(extra if isinstance(extra, dict) else {})}))
