"""Tensors by key in two files: an index (JSON: key -> [offset in floats, shape]) and little-endian float32 values."""
import json, pathlib, numpy as np


class Blob:
    def __init__(self, name, folder="engine"):
        self.path = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden" / folder
        self.name, self.index, self.parts, self.size = name, {}, [], 0

    def add(self, key, tensor):
        values = np.ascontiguousarray(tensor.detach().numpy(), dtype="<f4")
        self.index[key] = [self.size, list(values.shape)]
        self.parts.append(values.tobytes())
        self.size += values.size

    def write(self):
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / f"{self.name}.json").write_text(json.dumps(self.index, separators=(",", ":")) + "\n")
        (self.path / f"{self.name}.bin").write_bytes(b"".join(self.parts))
        print(self.name, len(self.index), "tensors", self.size * 4, "bytes")
