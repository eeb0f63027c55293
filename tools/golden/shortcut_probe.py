"""Probabilities of scikit-learn's LogisticRegression(C=1) after StandardScaler, for RidgeLogisticTests."""
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rows = np.array([[np.sin(3.0 * i), (i * 7) % 11, 5.0, (i % 3) * 0.25 + np.cos(i)] for i in range(24)])
answers = np.array([(i * 5 + i // 4) % 3 == 0 for i in range(24)])
model = make_pipeline(StandardScaler(), LogisticRegression(C=1, tol=1e-12, max_iter=10000)).fit(rows, answers)
print(", ".join(f"{p:.10f}" for p in model.predict_proba(rows)[:, 1]))
