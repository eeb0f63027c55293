"""Writes Fixtures/golden/evaluation.json: metrics by scikit-learn, tests by SciPy, structural components by their definition.

Run: python tools/golden/evaluation.py
"""

import json
import pathlib
import warnings

import numpy
import scipy
import scipy.stats
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

warnings.filterwarnings("ignore")
generator = numpy.random.default_rng(20240613)


def cohort(scans, patients, classes, digits):
    """Scans of patients with an effect of their own; scores rounded so that ties occur."""
    patient = generator.integers(0, patients, scans)
    effect = generator.normal(size=(patients, classes))
    label = generator.integers(0, classes, scans)
    logits = generator.normal(size=(scans, classes)) + effect[patient] + 1.2 * numpy.eye(classes)[label]
    p = numpy.round(scipy.special.softmax(logits, axis=1), digits)
    p[:, -1] = numpy.round(1 - p[:, :-1].sum(axis=1), digits)
    return patient, label, p


def scored(label, p):
    decision = p.argmax(axis=1)
    classes = p.shape[1]
    two = classes == 2
    confidence = p.max(axis=1)
    bins = numpy.clip(numpy.ceil(confidence * 15).astype(int) - 1, 0, 14)
    right = decision == label
    ece = sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in range(15) if (bins == b).any())
    values = {
        "accuracy": metrics.accuracy_score(label, decision),
        "balanced_accuracy": metrics.balanced_accuracy_score(label, decision),
        "auroc": metrics.roc_auc_score(label, p[:, 1]) if two
        else numpy.mean([metrics.roc_auc_score(label == c, p[:, c]) for c in range(classes)]),
        "brier": metrics.brier_score_loss(label, p[:, 1]) if two else metrics.brier_score_loss(label, p),
        "f1": metrics.f1_score(label, decision) if two else metrics.f1_score(label, decision, average="macro"),
        "matthews_correlation": metrics.matthews_corrcoef(label, decision),
        "kappa": metrics.cohen_kappa_score(label, decision),
        "calibration_error": ece,
    }
    for c in range(classes):
        values[f"sensitivity_{c}"] = metrics.recall_score(label == c, decision == c)
        values[f"specificity_{c}"] = metrics.recall_score(label != c, decision != c)
    return {name: float(value) for name, value in values.items()}


def kernel(x, y):
    return 1.0 if x > y else 0.5 if x == y else 0.0


def components(scores, label):
    """DeLong's structural components by their definition, a loop over pairs."""
    positives, negatives = scores[label == 1], scores[label == 0]
    v10 = numpy.array([numpy.mean([kernel(x, y) for y in negatives]) for x in positives])
    v01 = numpy.array([numpy.mean([kernel(x, y) for x in positives]) for y in negatives])
    return v10, v01


def delong(first, second, label):
    (a10, a01), (b10, b01) = components(first, label), components(second, label)
    s10, s01 = numpy.cov(a10, b10), numpy.cov(a01, b01)
    return s10 / len(a10) + s01 / len(a01)


def obuchowski(first, second, label, patient):
    """Obuchowski 1997, equations for S10, S01, S11, patient by patient."""
    both = [components(first, label), components(second, label)]
    ids = sorted(set(patient))
    m, n = int((label == 1).sum()), int((label == 0).sum())
    positives, negatives = patient[label == 1], patient[label == 0]
    i10, i01, total = len(set(positives)), len(set(negatives)), len(ids)
    areas = [v10.mean() for v10, _ in both]
    p = [[v10[positives == i].sum() - (positives == i).sum() * areas[k] for i in ids] for k, (v10, _) in enumerate(both)]
    q = [[v01[negatives == i].sum() - (negatives == i).sum() * areas[k] for i in ids] for k, (_, v01) in enumerate(both)]
    covariance = numpy.zeros((2, 2))
    for r in range(2):
        for s in range(2):
            s10 = i10 / ((i10 - 1) * m) * numpy.dot(p[r], p[s])
            s01 = i01 / ((i01 - 1) * n) * numpy.dot(q[r], q[s])
            s11 = total / (total - 1) * numpy.dot(p[r], q[s])
            s11t = total / (total - 1) * numpy.dot(p[s], q[r])
            covariance[r, s] = s10 / m + s01 / n + (s11 + s11t) / (m * n)
    return covariance


cohorts = []
for scans, patients, classes, digits in [(60, 25, 2, 2), (31, 31, 2, 6), (90, 30, 3, 3), (200, 40, 4, 2)]:
    patient, label, p = cohort(scans, patients, classes, digits)
    cohorts.append({"patients": patient.tolist(), "labels": label.tolist(), "probabilities": p.tolist(), "values": scored(label, p)})

patient, label, p = cohort(80, 30, 2, 2)
second = numpy.round(numpy.clip(0.6 * p[:, 1] + 0.4 * generator.uniform(size=80), 0, 1), 2)
areas = {
    "patients": patient.tolist(),
    "labels": label.tolist(),
    "first": p[:, 1].tolist(),
    "second": second.tolist(),
    "areas": [float(metrics.roc_auc_score(label, s)) for s in (p[:, 1], second)],
    "delong": delong(p[:, 1], second, label).tolist(),
    "obuchowski": obuchowski(p[:, 1], second, label, patient).tolist(),
}

probabilities = [1e-12, 1e-5, 0.001, 0.02, 0.024, 0.025, 0.3, 0.5, 0.6, 0.975, 0.999999]
students = [(t, df) for df in (1, 2, 4, 9, 29.5, 200) for t in (-3.1, -0.2, 0.0, 0.7, 2.5, 12.0)]
mcnemar = [(0, 0), (1, 0), (3, 9), (10, 10), (40, 12), (200, 260)]

differences = generator.normal(0.02, 0.03, 10)
share = 1 / 9
t = differences.mean() / numpy.sqrt(differences.var(ddof=1) * (1 / 10 + share))

errors = generator.exponential(0.08, 40)
bca = scipy.stats.bootstrap((errors,), numpy.mean, n_resamples=400_000, method="BCa", random_state=1, batch=20_000).confidence_interval

def equal_mass(confidence, right, weight, count=15):
    """Bins as scikit-learn's calibration_curve(strategy="quantile") lays them, on the unweighted scans."""
    edges = numpy.percentile(confidence, numpy.linspace(0, 1, count + 1) * 100)
    bins = numpy.searchsorted(edges[1:-1], confidence)
    gaps = [abs(((right - confidence) * weight)[bins == b].sum()) for b in range(count)]
    return sum(gaps) / weight.sum()


def weighted(label, p, weight):
    """Every metric by scikit-learn with sample weights; None where it has no value, which is our rule, not scikit-learn's."""
    decision, classes = p.argmax(axis=1), p.shape[1]
    right = (decision == label).astype(float)
    present = sorted(set(label[weight > 0]))
    sides = [c for c in ([1] if classes == 2 else range(classes)) if 0 < weight[label == c].sum() < weight.sum()]
    over = lambda score: float(numpy.mean([score(label == c, p[:, c], sample_weight=weight) for c in sides])) if sides else None
    one_hot = numpy.eye(classes)[label]
    errors = (p[:, 1] - label) ** 2 if classes == 2 else ((p - one_hot) ** 2).sum(axis=1)
    confidence = p.max(axis=1)
    bins = numpy.clip(numpy.ceil(confidence * 15).astype(int) - 1, 0, 14)
    several = len(present) > 1
    decided = len(set(decision[weight > 0])) > 1
    values = {
        "auroc": over(metrics.roc_auc_score),
        "auprc": over(metrics.average_precision_score),
        "accuracy": metrics.accuracy_score(label, decision, sample_weight=weight),
        "balanced_accuracy": metrics.balanced_accuracy_score(label, decision, sample_weight=weight) if several else None,
        "brier": float(numpy.average(errors, weights=weight)),
        "log_loss": metrics.log_loss(label, p, labels=list(range(classes)), sample_weight=weight),
        "matthews_correlation": metrics.matthews_corrcoef(label, decision, sample_weight=weight) if several and decided else None,
        "kappa": metrics.cohen_kappa_score(label, decision, sample_weight=weight) if several else None,
        "calibration_error": sum(abs(((right - confidence) * weight)[bins == b].sum()) for b in range(15)) / weight.sum(),
        "calibration_error_equal_mass": equal_mass(confidence, right, weight),
    }
    if several and classes > 2:
        values["f1"] = metrics.f1_score(label, decision, average="macro", sample_weight=weight)
    if several and classes == 2:
        values["f1"] = metrics.f1_score(label, decision, sample_weight=weight)
    if (weight == 1).all():
        # scikit-learn's one-versus-one takes no weights, and with two classes it is the plain area.
        values["auroc_one_versus_one"] = None
        if len(present) == classes:
            values["auroc_one_versus_one"] = (
                metrics.roc_auc_score(label, p[:, 1]) if classes == 2
                else metrics.roc_auc_score(label, p, multi_class="ovo", average="macro"))
    for c in range(classes):
        own, others = weight[label == c].sum(), weight[label != c].sum()
        values[f"sensitivity_{c}"] = metrics.recall_score(label == c, decision == c, sample_weight=weight) if own else None
        values[f"specificity_{c}"] = metrics.recall_score(label != c, decision != c, sample_weight=weight) if others else None
    return {name: None if value is None else float(value) for name, value in values.items()}


generator = numpy.random.default_rng(20261124)
cases = []
for number in range(160):
    classes = int(generator.choice([2, 2, 3, 4]))
    scans, patients = int(generator.integers(6, 50)), int(generator.integers(3, 20))
    patient, label, p = cohort(scans, patients, classes, int(generator.choice([1, 2, 8])))
    p = numpy.abs(p) / numpy.abs(p).sum(axis=1, keepdims=True)
    if number % 8 == 0:
        label[:] = generator.integers(0, classes)
    masked = generator.uniform(size=scans) < (0.3 if number % 5 == 0 else 0)
    masked[0] = False
    weights = generator.integers(0, 4, patients).astype(float) if number % 2 else numpy.ones(patients)
    weights[patient[0]] = max(weights[patient[0]], 1)
    kept = ~masked
    cases.append({
        "patients": patient.tolist(),
        "labels": [None if m else int(l) for l, m in zip(label, masked)],
        "probabilities": p.tolist(),
        "weights": weights.tolist(),
        "values": weighted(label[kept], p[kept], weights[patient[kept]]),
    })

places = numpy.linspace(0, 1, 101)


def roc_at_places(label, score):
    """Sensitivity at each false positive rate, straight between thresholds, the upper end of vertical pieces."""
    fpr, tpr, _ = metrics.roc_curve(label, score, drop_intermediate=False)
    out = []
    for x in places:
        at = numpy.isclose(fpr, x, atol=1e-12)
        if at.any():
            out.append(float(tpr[at].max()))
        else:
            left, right = numpy.where(fpr < x)[0][-1], numpy.where(fpr > x)[0][0]
            out.append(float(tpr[left] + (tpr[right] - tpr[left]) * (x - fpr[left]) / (fpr[right] - fpr[left])))
    return out


def precision_at_places(label, score):
    precision, recall, _ = metrics.precision_recall_curve(label, score)
    precision, recall = precision[:-1], recall[:-1]
    return [float(precision[numpy.where(recall >= max(x, 1e-9) - 1e-12)[0][-1]]) for x in places]


def youden(label, score):
    fpr, tpr, thresholds = metrics.roc_curve(label, score, drop_intermediate=False)
    best = (tpr - fpr).max()
    return float(thresholds[numpy.where(tpr - fpr >= best - 1e-12)[0][0]])


def logistic(x, y, cluster, slope=None):
    """Newton's method and the sandwich by their definitions; returns value and clustered error of slope and intercept."""
    design = numpy.column_stack([numpy.ones_like(x), x]) if slope is None else numpy.ones((len(x), 1))
    offset = 0 if slope is None else slope * x
    beta = numpy.zeros(design.shape[1])
    for _ in range(60):
        p = scipy.special.expit(design @ beta + offset)
        information = design.T @ (design * (p * (1 - p))[:, None])
        beta = beta + numpy.linalg.solve(information, design.T @ (y - p))
    p = scipy.special.expit(design @ beta + offset)
    scores = numpy.array([((y - p)[cluster == c][:, None] * design[cluster == c]).sum(axis=0) for c in sorted(set(cluster))])
    inverse = numpy.linalg.inv(design.T @ (design * (p * (1 - p))[:, None]))
    g = len(scores)
    covariance = g / (g - 1) * inverse @ scores.T @ scores @ inverse
    return beta.tolist(), numpy.sqrt(numpy.diag(covariance)).tolist()


curves = []
for number in range(12):
    scans = int(generator.integers(12, 80))
    patient, label, p = cohort(scans, int(generator.integers(6, 20)), 2, int(generator.choice([1, 2, 8])))
    label[:2] = [0, 1]
    score = numpy.clip(p[:, 1], 0.001, 0.999)
    logit = scipy.special.logit(score)
    slope, slope_error = logistic(logit, label, patient)
    large, large_error = logistic(logit, label, patient, slope=1.0)
    reliability = {
        name: [part.tolist() for part in calibration_curve(label, score, n_bins=10, strategy=strategy)]
        for name, strategy in (("equal_width", "uniform"), ("equal_mass", "quantile"))
    }
    curves.append({
        "patients": patient.tolist(), "labels": label.tolist(), "scores": score.tolist(), "roc": roc_at_places(label, score),
        "precision": precision_at_places(label, score), "youden": youden(label, score), "reliability": reliability,
        "slope": slope[1], "slopeError": slope_error[1], "intercept": large[0], "interceptError": large_error[0],
    })

findings = []
for _ in range(6):
    scans, count = int(generator.integers(20, 50)), int(generator.integers(2, 6))
    labels = generator.integers(0, 2, (scans, count))
    missing = generator.uniform(size=(scans, count)) < 0.25
    p = numpy.round(generator.uniform(size=(scans, count)), 2)
    areas_, precisions_ = [], []
    for c in range(count):
        kept = ~missing[:, c]
        areas_.append(float(metrics.roc_auc_score(labels[kept, c], p[kept, c])))
        precisions_.append(float(metrics.average_precision_score(labels[kept, c], p[kept, c])))
    findings.append({
        "labels": [[None if m else bool(l) for l, m in zip(row, gone)] for row, gone in zip(labels, missing)],
        "probabilities": p.tolist(), "auroc": areas_, "auprc": precisions_,
        "macroAuroc": float(numpy.mean(areas_)), "macroAuprc": float(numpy.mean(precisions_)),
    })

adjusted = []
for count in (1, 2, 5, 9):
    raw = generator.uniform(size=count) ** 3
    order = numpy.argsort(raw)
    steps = numpy.minimum(1, numpy.maximum.accumulate((count - numpy.arange(count)) * raw[order]))
    holm = numpy.empty(count)
    holm[order] = steps
    adjusted.append({"raw": raw.tolist(), "holm": holm.tolist(), "discovery": scipy.stats.false_discovery_control(raw).tolist()})

wilson = []
for right, count in [(0, 9), (9, 9), (1, 12), (7, 10), (40, 55), (300, 301)]:
    interval = scipy.stats.binomtest(right, count).proportion_ci(0.95, method="wilson")
    wilson.append([right, count, float(interval.low), float(interval.high)])

golden = {
    "versions": {"scikit-learn": sklearn.__version__, "scipy": scipy.__version__, "numpy": numpy.__version__},
    "cohorts": cohorts,
    "cases": cases,
    "curves": curves,
    "findings": findings,
    "adjusted": adjusted,
    "wilson": wilson,
    "areas": areas,
    "normal": [[q, float(scipy.stats.norm.ppf(q))] for q in probabilities],
    "student": [[t_, df, float(scipy.stats.t.cdf(t_, df)), float(2 * scipy.stats.t.sf(abs(t_), df))] for t_, df in students],
    "studentQuantile": [[q, df, float(scipy.stats.t.ppf(q, df))] for q in (0.1, 0.975, 0.995) for df in (1, 4, 9, 60)],
    "mcnemar": [[b, c, float(scipy.stats.binomtest(min(b, c), b + c).pvalue) if b + c else 1.0] for b, c in mcnemar],
    "folds": {"differences": differences.tolist(), "share": share, "pValue": float(2 * scipy.stats.t.sf(abs(t), 9))},
    "bca": {"errors": errors.tolist(), "lower": float(bca.low), "upper": float(bca.high)},
}
path = pathlib.Path(__file__).parents[2] / "Fixtures" / "golden" / "evaluation.json"
path.write_text(json.dumps(golden) + "\n")
print(path, path.stat().st_size, "bytes")
