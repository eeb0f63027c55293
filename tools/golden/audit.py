"""Prints the expected values of Tests/CohortsTests/AuditStatisticsTests.swift: SciPy's tests of tables, and one exact permutation p-value.

Run: python tools/golden/audit.py
"""

import itertools
import math

import numpy
import scipy
import scipy.stats
from scipy.stats.contingency import association

print("SciPy", scipy.__version__)
tables = [
    [[12, 5], [3, 14]],
    [[30, 30], [30, 30]],
    [[8, 2], [1, 5]],
    [[10, 20, 30], [12, 8, 5]],
    [[3, 1, 0, 7], [2, 9, 4, 1], [5, 5, 6, 0]],
    [[1000, 900], [800, 1100]],
]
for counts in tables:
    table = numpy.array(counts)
    test = scipy.stats.chi2_contingency(table, correction=False)
    fisher = scipy.stats.fisher_exact(table).pvalue if table.shape == (2, 2) else None
    print(counts, test.statistic, test.pvalue, association(table, "cramer"), fisher)
for value, degrees in [(0.1, 1), (30, 4), (250, 12), (5, 9), (1e-3, 3), (900, 30)]:
    print("chi-squared tail", value, degrees, scipy.stats.chi2.sf(value, degrees))

# Every way of dealing the columns' people to the rows, with its chance.
observed = numpy.array([[4, 1, 0], [1, 3, 5]])


def chi_squared(table):
    expected = numpy.outer(table.sum(1), table.sum(0)) / table.sum()
    return ((table - expected) ** 2 / expected).sum()


columns, row, total = observed.sum(0), int(observed.sum(1)[0]), int(observed.sum())
p = 0.0
for first in itertools.product(*[range(count + 1) for count in columns]):
    if sum(first) == row and chi_squared(numpy.array([first, columns - first])) >= chi_squared(observed) - 1e-9:
        p += math.prod(math.comb(int(count), n) for count, n in zip(columns, first)) / math.comb(total, row)
print("exact permutation p", p)
print("one column", sum(scipy.stats.hypergeom.pmf(5, 40, 5, column) for column in (20, 15, 5)))
