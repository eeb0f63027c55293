"""What PyTorch makes of the CIFAR-10 images in ../shared/data: ResNet-20's accuracy before and after its statistics are taken anew.

    OMP_NUM_THREADS=1 python tools/golden/normalization_cifar10.py ../shared/data

The shared reference was measured on 4,000 images of each corruption, of which 500 are kept as PNG; this measures on exactly the images
that are there. Writes Fixtures/golden/normalization/cifar10.json.
"""
import csv
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
from PIL import Image

from models_architectures import CIFARResNet

DATA = pathlib.Path(sys.argv[1])
OUT = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/normalization/cifar10.json"
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def network():
    stored = torch.load(DATA / "weights/resnet20-12fca82f.th", map_location="cpu", weights_only=False)["state_dict"]
    model = CIFARResNet(3)
    model.load_state_dict({key.removeprefix("module."): value for key, value in stored.items()}, strict=False)
    return model.eval()


def load(rows, classes):
    pixels = np.stack([np.asarray(Image.open(DATA / "cifar10" / row["path"]).convert("RGB")) for row in rows])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return (images - MEAN) / DEVIATION, torch.tensor([classes.index(row["label"]) for row in rows])


def correct(model, images, labels):
    with torch.no_grad():
        return int((torch.cat([model(part) for part in images.split(500)]).argmax(1) == labels).sum())


def normalizations(model):
    return [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]


class Reached(Exception):
    pass


def layer_sequential(model, images):
    """Each layer's mean and unbiased variance over all images, of the input it will see. Modules stand in the order data meets them."""
    for layer in normalizations(model):
        seen = []

        def take(_, arguments):
            seen.append(arguments[0])
            raise Reached

        hook = layer.register_forward_pre_hook(take)
        with torch.no_grad():
            for part in images.split(500):
                try:
                    model(part)
                except Reached:
                    pass
        hook.remove()
        values = torch.cat(seen).double().transpose(0, 1).flatten(1)
        layer.running_mean.copy_(values.mean(1))
        layer.running_var.copy_(values.var(1, unbiased=True))
    return model


def one_pass(model, images, batch):
    """PyTorch's own: train mode, cumulative average of the batches' statistics."""
    for layer in normalizations(model):
        layer.reset_running_stats()
        layer.momentum = None
    model.train()
    with torch.no_grad():
        for part in images.split(batch):
            model(part)
    return model.eval()


def main():
    rows = list(csv.DictReader(open(DATA / "cifar10/manifest.csv")))
    classes = sorted({row["label"] for row in rows})
    result = {"torch": torch.__version__, "sets": {}}
    for scanner in ["clean"] + sorted({row["scanner"] for row in rows} - {"clean"}):
        chosen = sorted((row for row in rows if row["scanner"] == scanner), key=lambda row: row["path"])
        for name, part in [("clean_first_500", chosen[:500]), ("clean", chosen)] if scanner == "clean" else [(scanner, chosen)]:
            images, labels = load(part, classes)
            result["sets"][name] = {
                "count": len(part),
                "source": correct(network(), images, labels),
                "layerSequential": correct(layer_sequential(network(), images), images, labels),
                "onePass200": correct(one_pass(network(), images, 200), images, labels),
            }
            print(name, result["sets"][name], flush=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n")


main()
