#!/usr/bin/env python3
"""Golden data for Imaging: PNG files of every format, resized images, torchvision's sizes and crops.

The PNG files are put together here from chunks, byte by byte, so the expected samples come from no decoder; Pillow decodes
them too where it keeps samples as stored. Resizing is Pillow's, cropping and sizes torchvision's.
Run: python tools/golden/imaging.py   (writes Fixtures/golden/imaging)
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import torch
import torchvision.transforms.functional as transforms
from PIL import Image
from torchvision import transforms as pipeline

FOLDER = pathlib.Path(__file__).parents[2] / "Fixtures" / "golden" / "imaging"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, depth):
    """Rows of samples as scanlines with filter type 0."""
    out = b""
    for row in rows:
        flat = [int(value) for pixel in row for value in pixel]
        if depth == 16:
            line = b"".join(struct.pack(">H", value) for value in flat)
        else:
            bits = "".join(format(value, f"0{depth}b") for value in flat)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        out += b"\0" + line
    return out


def png(samples, depth, color, interlaced, extra=b""):
    height, width, _ = samples.shape
    if interlaced:
        data = b"".join(
            packed(samples[y0::dy, x0::dx], depth) for x0, y0, dx, dy in ADAM7 if samples[y0::dy, x0::dx].size
        )
    else:
        data = packed(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND")
    )


def formats(random):
    for color, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (False, True):
                samples = random.integers(0, 1 << depth, (5, 9, CHANNELS[color]))
                palette = random.integers(0, 256, (1 << depth, 3)) if color == 3 else np.zeros((0, 3), int)
                extra, key, alpha = b"", None, None
                if color == 3:
                    alpha = [17, 255] if depth > 1 else [99]
                    extra = chunk(b"PLTE", bytes(palette.flatten().tolist())) + chunk(b"tRNS", bytes(alpha))
                elif color in (0, 2):
                    key = [int(value) for value in samples[2, 3]]
                    extra = chunk(b"tRNS", b"".join(struct.pack(">H", value) for value in key))
                extra = chunk(b"gAMA", struct.pack(">I", 100000)) + extra + chunk(b"tEXt", b"Comment\0not read")
                data = png(samples, depth, color, interlaced, extra)
                if depth == 8 and color != 3:
                    decoded = np.asarray(Image.open(io.BytesIO(data)))
                    assert (decoded.reshape(samples.shape) == samples).all()
                yield {
                    "color": color, "depth": depth, "interlaced": interlaced, "width": 9, "height": 5,
                    "png": base64.b64encode(data).decode(), "samples": samples.flatten().tolist(),
                    "palette": palette.flatten().tolist(), "alpha": alpha or [], "key": key or [],
                }


def smooth(random, height, width, full):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.sin(x / 3.1) * np.cos(y / 4.7) + 0.7 * np.sin((x + 2 * y) / 9.0) + random.normal(0, 0.4, (height, width))
    waves = (waves - waves.min()) / (waves.max() - waves.min())
    return np.round(waves * full)


def resizing(random):
    filters = {"bilinear": Image.BILINEAR, "area": Image.BOX}
    sizes = [(11, 7), (37, 11), (12, 29), (50, 41), (1, 1), (37, 29), (5, 70), (36, 28)]
    gray8 = smooth(random, 29, 37, 255).astype(np.uint8)
    gray16 = smooth(random, 29, 37, 65535).astype(np.uint16)
    cases = []
    for name, filter in filters.items():
        for width, height in sizes:
            eight = np.asarray(Image.fromarray(gray8).resize((width, height), filter))
            sixteen = np.asarray(Image.fromarray(gray16.astype(np.float32)).resize((width, height), filter))
            cases.append({
                "filter": name, "width": width, "height": height, "gray8": eight.flatten().tolist(),
                "gray16": np.round(sixteen).astype(int).flatten().tolist(),
            })
    return {"width": 37, "height": 29, "gray8": gray8.flatten().tolist(), "gray16": gray16.flatten().tolist(), "cases": cases}


def sizes(random):
    cases = []
    for _ in range(200):
        width, height, side = (int(v) for v in random.integers(1, 700, 3))
        resized = pipeline.Resize(side)(torch.zeros(1, height, width, dtype=torch.uint8)) if max(width, height) * side < 90000 else None
        if resized is not None:
            cases.append([width, height, side, resized.shape[2], resized.shape[1]])
    return cases


def crops(random):
    cases = []
    for width, height, crop_width, crop_height in [
        (8, 6, 5, 3), (7, 5, 4, 4), (5, 7, 4, 4), (9, 9, 4, 6), (3, 3, 6, 7), (4, 9, 7, 2), (9, 4, 2, 7), (5, 5, 5, 5), (11, 6, 4, 3),
    ]:
        source = torch.arange(1, width * height + 1).reshape(1, height, width)
        cropped = transforms.center_crop(source, [crop_height, crop_width])
        cases.append({
            "width": width, "height": height, "cropWidth": crop_width, "cropHeight": crop_height,
            "values": cropped.flatten().tolist(),
        })
    return cases


def rounded(values):
    return [round(float(value), 6) for value in values.flatten()]


def prepared(random):
    gray = smooth(random, 41, 33, 255).astype(np.uint8)
    color = np.stack([smooth(random, 16, 16, 255) for _ in range(3)], axis=2).astype(np.uint8)
    normalize = pipeline.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    network = pipeline.Compose([pipeline.Resize(24), pipeline.CenterCrop(20), pipeline.ToTensor(), normalize])
    exact = pipeline.Compose([pipeline.ToTensor(), normalize])
    luma = np.asarray(Image.fromarray(color).convert("L"))
    low, high = np.percentile(gray.astype(np.float64), [2.5, 97])
    return {
        "gray": {"width": 33, "height": 41, "samples": gray.flatten().tolist()},
        "color": {"width": 16, "height": 16, "samples": color.flatten().tolist()},
        "imageNetGray": rounded(network(Image.fromarray(gray).convert("RGB"))),
        "normalizedColor": exact(Image.fromarray(color)).flatten().tolist(),
        "luminance": luma.flatten().tolist(),
        "zScore": rounded((gray - gray.mean(dtype=np.float64)) / gray.std(dtype=np.float64)),
        "percentileWindow": rounded(np.clip((gray - low) / (high - low), 0, 1)),
    }


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(20)
    for name, value in [
        ("formats", list(formats(random))), ("resizing", resizing(random)), ("sizes", sizes(random)), ("crops", crops(random)),
        ("prepared", prepared(random)),
    ]:
        (FOLDER / f"{name}.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
