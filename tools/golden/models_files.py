"""Writes small weight files into Fixtures/golden/models/files, and what they hold into expected.json. Run from the package root.

`every_type` in three forms: each number format, a transposed view, a slice of a shared storage, a parameter, a scalar. Containers: one
state dict beside an optimizer's state, two state dicts, a whole module, and a numpy array among the weights.
"""
import collections
import json
import pathlib

import torch
from safetensors.torch import save_file

torch.manual_seed(7)
folder = pathlib.Path("Fixtures/golden/models/files")
folder.mkdir(parents=True, exist_ok=True)

base = torch.arange(24, dtype=torch.float32) / 8 - 1
tensors = collections.OrderedDict(
    float32=base.reshape(2, 3, 4),
    float64=torch.tensor([0.1, -1e-300, 3.0], dtype=torch.float64),
    float16=torch.tensor([0.1, -65504.0, 6e-8], dtype=torch.float16),
    bfloat16=torch.tensor([0.1, -3e38, 1e-40], dtype=torch.bfloat16),
    transposed=base.reshape(2, 3, 4).permute(2, 0, 1),
    slice=base[5:9],
    strided=base.reshape(4, 6)[1:3, ::2],
    parameter=torch.nn.Parameter(torch.tensor([[1.5, -2.5]])),
    scalar=torch.tensor(42.25),
    empty=torch.zeros(0, 3),
    int64=torch.tensor([1, -(2**40)]),
    int32=torch.tensor([1, -5], dtype=torch.int32),
    int16=torch.tensor([1, -5], dtype=torch.int16),
    int8=torch.tensor([1, -5], dtype=torch.int8),
    uint8=torch.tensor([1, 250], dtype=torch.uint8),
    boolean=torch.tensor([True, False]),
)
torch.save(tensors, folder / "every_type_zip.pth")
torch.save(tensors, folder / "every_type_legacy.pth", _use_new_zipfile_serialization=False)
torch.save(tensors, folder / "every_type_protocol4.pth", pickle_protocol=4)
save_file({k: v.detach().clone().contiguous() for k, v in tensors.items()}, folder / "every_type.safetensors")
expected = {
    k: {"shape": list(v.shape), "values": [float(x) for x in v.detach().float().flatten()]} if v.is_floating_point()
    else {"shape": list(v.shape), "values": [int(x) for x in v.flatten()]}
    for k, v in tensors.items()
}
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")

network = torch.nn.Linear(3, 2)
optimizer = torch.optim.AdamW(network.parameters())
network(torch.ones(1, 3)).sum().backward()
optimizer.step()
wrapped = {f"module.{k}": v for k, v in network.state_dict().items()}
torch.save({"epoch": 3, "model_state_dict": wrapped, "optimizer": optimizer.state_dict(), "note": "x"}, folder / "checkpoint.pth")
torch.save({"model": network.state_dict(), "ema": {"module": network.state_dict()}, "best": 0.5}, folder / "two_states.pth")
torch.save(network, folder / "whole_module.pth")
