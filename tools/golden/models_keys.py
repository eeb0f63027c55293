"""Writes Fixtures/golden/models/keys.json: how many values each network has, and a 64-bit FNV-1a hash of its state-dict lines.

A line is "key [d0, d1]\n" in state-dict order, `num_batches_tracked` left out. Run from the package root.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from models_architectures import NAMES, architecture


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


result = {}
for name in NAMES:
    for classes, channels in [(1000, 3), (5, 1)]:
        model = architecture(name, classes, channels)
        state = [(k, v) for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")]
        result[f"{name}/{channels}/{classes}"] = {
            "tensors": len(state),
            "trainable": sum(p.numel() for p in model.parameters()),
            "fnv1a": fnv1a("".join(f"{k} {list(v.shape)}\n" for k, v in state)),
        }
pathlib.Path("Fixtures/golden/models/keys.json").write_text(json.dumps(result, indent=1) + "\n")
