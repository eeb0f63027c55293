"""Writes Fixtures/golden/transferability.json: LogME by maximizing the evidence with dense matrices, H-score and LEEP by definition.

Run: python tools/golden/transferability.py
"""

import json
import pathlib

import numpy
from scipy.optimize import minimize

generator = numpy.random.default_rng(20250203)


def evidence(x, f, y):
    """log p(y | F, alpha, beta) per scan: y is normal with covariance I/beta + F F'/alpha."""
    alpha, beta = numpy.exp(x)
    n = len(y)
    covariance = numpy.eye(n) / beta + f @ f.T / alpha
    return -0.5 * (n * numpy.log(2 * numpy.pi) + numpy.linalg.slogdet(covariance)[1] + y @ numpy.linalg.solve(covariance, y)) / n


def logme(f, labels):
    values = []
    for c in sorted(set(labels)):
        y = (labels == c).astype(float)
        best = max(
            -minimize(lambda x: -evidence(x, f, y), start, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000}).fun
            for start in ([0, 0], [3, 1], [-1, 3])
        )
        values.append(best)
    return float(numpy.mean(values))


def hscore(f, labels):
    centred = f - f.mean(0)
    means = numpy.array([centred[labels == c].mean(0) for c in labels])
    return float(numpy.trace(numpy.linalg.pinv(numpy.cov(f.T), rcond=1e-10) @ numpy.cov(means.T)))


def leep(p, labels):
    joint = numpy.zeros((labels.max() + 1, p.shape[1]))
    for row, label in zip(p, labels):
        joint[label] += row / len(p)
    given = joint / joint.sum(0)
    return float(numpy.mean([numpy.log(given[label] @ row) for row, label in zip(p, labels)]))


cases = []
for n, d, classes, signal in [(40, 8, 2, 1.0), (40, 8, 2, 0.0), (30, 50, 3, 1.0), (60, 12, 3, 0.6), (25, 24, 2, 0.8)]:
    labels = numpy.arange(n) % classes
    centres = generator.normal(size=(classes, d))
    f = numpy.round(numpy.maximum(signal * centres[labels] + generator.normal(size=(n, d)) + 0.5, 0), 4)
    p = generator.dirichlet(numpy.ones(4), n)
    p[:, 0] += signal * labels
    p /= p.sum(1, keepdims=True)
    cases.append({"features": f.tolist(), "labels": labels.tolist(), "probabilities": p.tolist(), "logME": logme(f, labels),
                  "hScore": hscore(f, labels), "leep": leep(p, labels), "wide": bool(numpy.linalg.matrix_rank(f - f.mean(0)) >= n - 1)})

path = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/transferability.json"
path.write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
print(path, path.stat().st_size, [(c["logME"], c["hScore"], c["leep"], c["wide"]) for c in cases])
