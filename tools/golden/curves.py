"""Writes Fixtures/golden/curves.json: power laws fitted to learning curves by SciPy's least squares from many starts, in float64.

Run: python tools/golden/curves.py
"""

import json
import pathlib

import numpy
from scipy.optimize import least_squares

generator = numpy.random.default_rng(20250117)
LOW, HIGH = 0.1, 3.0


def fitted(sizes, errors, weights, with_floor):
    """The best of 60 bounded fits of c + a (n/n0)^-b; weights multiply squares."""
    centre = numpy.exp(numpy.mean(numpy.log(sizes)))
    root = numpy.sqrt(weights)

    def residuals(x):
        c, a, b = x if with_floor else (0, *x)
        return root * (c + a * (sizes / centre) ** -b - errors)

    best = None
    for b in numpy.geomspace(LOW, HIGH, 20):
        for share in (0.1, 0.5, 0.9):
            start = [share * errors.min(), errors.max(), b][0 if with_floor else 1 :]
            bounds = ([0, 0, LOW][0 if with_floor else 1 :], [numpy.inf, numpy.inf, HIGH][0 if with_floor else 1 :])
            start = numpy.clip(start, numpy.array(bounds[0]) + 1e-9, numpy.array(bounds[1]) - 1e-9)
            found = least_squares(residuals, start, bounds=bounds, xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=5000)
            if best is None or found.cost < best.cost:
                best = found
    c, a, b = best.x if with_floor else (0, *best.x)
    return {"floor": c, "scale": a * centre**b, "rate": b, "residual": 2 * best.cost}


cases = []
for floor, scale, rate, noise in [(0.1, 1.2, 0.5, 0), (0.1, 1.2, 0.5, 0.01), (0.0, 0.8, 0.3, 0.01), (0.2, 3.0, 1.2, 0.02), (0.3, 0.0, 1, 0.01)]:
    for sizes in ([5, 10, 20, 40, 80], [8, 12, 18, 27, 40, 60, 90], [10, 20, 40], [16, 64]):
        n = numpy.array(sizes, float)
        errors = numpy.abs(floor + scale * n**-rate + noise * generator.normal(size=len(n)))
        weights = numpy.ones(len(n)) if noise == 0 else generator.uniform(0.2, 5, len(n))
        with_floor = len(sizes) >= 4
        cases.append({"sizes": sizes, "errors": errors.tolist(), "weights": weights.tolist(), "withFloor": with_floor,
                      **fitted(n, errors, weights, with_floor)})

path = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/curves.json"
path.write_text(json.dumps({"powerLaws": cases}, indent=None, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
