"""Values that the diagnosis tests expect, from NumPy and SciPy: run `python tools/golden/diagnosis.py` and copy what it prints.

NumPy 2, SciPy 1. The inputs are formulas that the tests repeat in Swift.
"""
import numpy as np
from scipy import linalg


def rows(count, width, phase):
    i, j = np.meshgrid(np.arange(count), np.arange(width), indexing="ij")
    return np.sin(1.3 * i + 0.7 * j * j + phase) + 0.5 * np.cos(0.37 * i * (j + 1)) + 0.1 * phase * j


def frechet(a, b):
    sa, sb = np.cov(a.T), np.cov(b.T)
    root = linalg.sqrtm(sa)
    cross = linalg.sqrtm(root @ sb @ root).real
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(sa + sb - 2 * cross), np.trace(sa + sb)


print("frechet, 40 and 30 rows of 5:", *map(repr, map(float, frechet(rows(40, 5, 0), rows(30, 5, 1)))))

# Fewer rows than features: the same by singular values of the joint factor, since sqrtm of a singular matrix is inexact.
a, b = rows(12, 20, 0), rows(9, 20, 1)
ca, cb = (a - a.mean(0)) / np.sqrt(11), (b - b.mean(0)) / np.sqrt(8)
sa, sb = ca.T @ ca, cb.T @ cb
eig = np.linalg.eigvals(sa @ sb)
value = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(sa + sb) - 2 * np.sqrt(np.maximum(eig.real, 0)).sum()
print("frechet, 12 and 9 rows of 20:", repr(float(value)))

# Saerens EM on 30 two-class answers, prior 0.5.
p = 0.5 + 0.45 * np.sin(np.arange(30) * 0.9 + 0.4)
post = np.stack([1 - p, p], 1)
w = np.array([0.5, 0.5])
for _ in range(100000):
    s = w / 0.5 * post
    w2 = (s / s.sum(1, keepdims=True)).mean(0)
    if abs(w2 - w).max() < 1e-13:
        break
    w = w2
print("EM:", repr(float(w[1])))

# BBSE: C[decided][true] of 20 source scans; mu of 10 target scans.
c = np.array([[8 / 10, 3 / 10], [2 / 10, 7 / 10]])
print("BBSE:", np.linalg.solve(c, np.array([0.4, 0.6])).tolist())

# Pixels: a 16 x 16 image.
y, x = np.meshgrid(np.arange(16), np.arange(16), indexing="ij")
image = 0.5 + 0.3 * np.sin(0.5 * x + 0.2 * y * y) + 0.15 * np.cos(1.7 * x * y)
lap = image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:] - 4 * image[1:-1, 1:-1]
blind = (
    image[:-2, :-2] + image[:-2, 2:] + image[2:, :-2] + image[2:, 2:]
    - 2 * (image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:]) + 4 * image[1:-1, 1:-1]
)
print("mean, deviation:", repr(float(image.mean())), repr(float(image.std())))
print("median of 256 as the 129th:", repr(float(np.sort(image.ravel())[128])))
print("sharpness:", repr(float(lap.var() / image.var())))
print("noise:", repr(float(np.sqrt(np.pi / 2) / 6 * np.abs(blind).mean())))

# Proxy A-distance: the error of ridge classifiers, scan i held out in fold i mod 5; the Ridge is scikit-learn's.
from sklearn.linear_model import Ridge


def held_out_error(first, second, width):
    x = np.vstack([rows(first, width, 0), rows(second, width, 1)])
    y, folds = np.array([0] * first + [1] * second), np.arange(first + second) % 5
    wrong, of = np.zeros(2), np.zeros(2)
    for fold in range(5):
        known, held_out = folds != fold, folds == fold
        mean, deviation = x[known].mean(0), x[known].std(0)
        a, b = (x[known] - mean) / deviation, (x[held_out] - mean) / deviation
        shares = np.bincount(y[known], minlength=2) / known.sum()
        targets = np.where(y[known] == 1, shares[0], -shares[1])
        ridge = Ridge(alpha=0.1 * (a**2).sum() / len(a) + 1e-9, fit_intercept=False, solver="cholesky").fit(a, targets)
        scores = ridge.predict(a)
        called = ridge.predict(b) > (scores[y[known] == 1].mean() + scores[y[known] == 0].mean()) / 2
        for group in range(2):
            of[group] += (y[held_out] == group).sum()
            wrong[group] += (called[y[held_out] == group] != group).sum()
    return float((wrong / of).mean())


print("held-out error, 40 and 30 rows of 5:", held_out_error(40, 30, 5), "; 23 and 31:", held_out_error(23, 31, 5))
