"""Writes Fixtures/golden/adaptation/class_rows.json: classifier rows for new classes by NumPy (imprinting) and scikit-learn (LDA)."""
import json, pathlib, numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

generator = np.random.default_rng(7)
labels = np.array([0] * 9 + [1] * 12 + [2] * 5 + [3] * 8)
means = generator.normal(size=(4, 6)) * 1.5
features = np.abs(means[labels] + generator.normal(size=(len(labels), 6)))
features[22] = 0  # a scan without features
old, biases = generator.normal(size=(2, 6)), generator.normal(size=2)
new = [2, 3]

unit = features / np.where(np.linalg.norm(features, axis=1, keepdims=True) > 0, np.linalg.norm(features, axis=1, keepdims=True), 1)
imprinted = []
for c in new:
    mean = unit[labels == c].mean(axis=0)
    imprinted.append(mean / np.linalg.norm(mean) * np.linalg.norm(old, axis=1).mean())
lda = {}
for shrinkage in [0.1, 0.7, 1.0]:
    fit = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage).fit(features, labels)
    lda[str(shrinkage)] = {"weights": fit.coef_[new].tolist(), "biases": fit.intercept_[new].tolist()}

path = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/golden/adaptation/class_rows.json"
path.parent.mkdir(parents=True, exist_ok=True)
path.write_text(json.dumps({
    "features": features.tolist(), "labels": labels.tolist(), "old": old.tolist(), "biases": biases.tolist(), "new": new,
    "imprinted": np.array(imprinted).tolist(), "imprintedBias": biases.mean(), "discriminants": lda,
}, separators=(",", ":")) + "\n")
