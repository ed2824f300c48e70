#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes the numbers of statistics.h a second time, with NumPy and in the
forms of the papers, from the cases that `statistics_values` prints.

Usage: statistics_test.py PATH_OF_STATISTICS_VALUES
"""
import json
import subprocess
import sys

try:
    import numpy as np
except ModuleNotFoundError:
    sys.exit("statistics_test.py needs NumPy (Debian package python3-numpy)")

TOLERANCE = 1e-6


def trapezoids(y, x):
    y, x = np.asarray(y, float), np.asarray(x, float)
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))


def pose_auc(errors, threshold):
    """Area under the recall over the error (SuperGlue)."""
    if len(errors) == 0:
        return 0.0
    errors = np.concatenate(([0.0], np.sort(errors)))
    recall = np.arange(len(errors)) / (len(errors) - 1)
    last = np.searchsorted(errors, threshold)
    x = np.concatenate((errors[:last], [threshold]))
    y = np.concatenate((recall[:last], [recall[last - 1]]))
    return trapezoids(y, x) / threshold


def histogram_accuracy(errors, step, threshold):
    """Mean of the cumulative histogram (LFGC's mAP, IMC's mAA)."""
    bars = np.arange(0, threshold + step / 2, step)
    if len(errors) == 0 or len(bars) < 2:
        return 0.0
    # np.histogram counts infinity nowhere, which is what is wanted.
    counts, _ = np.histogram(errors[np.isfinite(errors)], bars)
    return float(np.mean(np.cumsum(counts / len(errors))))


def step_area(errors, threshold):
    """Exact integral of the accuracy, interval by interval."""
    if len(errors) == 0:
        return 0.0
    corners = np.unique(
        np.concatenate(([0.0], errors[errors < threshold], [threshold])))
    heights = [np.mean(errors <= corner) for corner in corners[:-1]]
    return float(np.sum(np.diff(corners) * heights) / threshold)


def pr_auc(scores, labels, positives):
    if positives == 0 or len(scores) == 0:
        return 0.0
    thresholds = np.unique(scores)[::-1]
    kept = [labels[scores >= t] for t in thresholds]
    precision = np.array([k.mean() for k in kept])
    recall = np.array([k.sum() for k in kept]) / positives
    return trapezoids(np.concatenate((precision[:1], precision)),
                      np.concatenate(([0.0], recall)))


def roc_auc(scores, labels):
    good, bad = scores[labels], scores[~labels]
    if len(good) == 0 or len(bad) == 0:
        return np.nan
    difference = good[:, None] - bad[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


def false_positive_rate(scores, labels, recall):
    good, bad = scores[labels], scores[~labels]
    if len(good) == 0 or len(bad) == 0:
        return np.nan
    # The strictest threshold that keeps enough.
    threshold = max(t for t in good
                    if np.sum(good >= t) >= recall * len(good) - 1e-9)
    return float(np.mean(bad >= threshold))


def numbers(values, null):
    return np.array([null if v is None else v for v in values], float)


class Comparison:
    def __init__(self):
        self.compared = 0
        self.failed = 0

    def __call__(self, name, case, ours, theirs, null=np.nan):
        self.compared += 1
        ours = null if ours is None else ours
        same = ours == theirs or (np.isnan(ours) and np.isnan(theirs))
        if not same and not abs(ours - theirs) <= TOLERANCE:
            self.failed += 1
            print(f"{name} of case {case}: {ours}, NumPy says {theirs}")


def check_errors(compare, index, case):
    errors = numbers(case["errors"], np.inf)
    for result in case["results"]:
        t = result["threshold"]
        accuracy = float(np.mean(errors <= t)) if len(errors) else 0.0
        compare(f"auc@{t}", index, result["auc"], pose_auc(errors, t))
        compare(f"accuracy@{t}", index, result["accuracy"], accuracy)
        compare(f"step area@{t}", index, result["step_area"],
                step_area(errors, t))
        compare(f"mAA@{t}", index, result["maa_1"],
                histogram_accuracy(errors, 1, t))
        if t % 5 == 0:
            compare(f"mAP@{t}", index, result["map_5"],
                    histogram_accuracy(errors, 5, t))
    if len(errors):
        compare("mean", index, case["mean"], float(np.mean(errors)), np.inf)
        compare("median", index, case["median"], float(np.median(errors)),
                np.inf)


def check_decisions(compare, index, case):
    scores = numbers(case["scores"], np.nan)
    labels = np.array(case["labels"], bool)
    compare("PR AUC", index, case["pr_auc"],
            pr_auc(scores, labels, case["positives"]))
    compare("ROC AUC", index, case["roc_auc"], roc_auc(scores, labels))
    compare("FPR95", index, case["fpr95"],
            false_positive_rate(scores, labels, 0.95))
    compare("FPR80", index, case["fpr80"],
            false_positive_rate(scores, labels, 0.8))


def main():
    cases = json.loads(subprocess.check_output([sys.argv[1]]))
    compare = Comparison()
    for index, case in enumerate(cases["errors"]):
        check_errors(compare, index, case)
    for index, case in enumerate(cases["decisions"]):
        check_decisions(compare, index, case)
    print(f"{compare.compared} numbers compared, {compare.failed} differ")
    # A helper that prints nothing must not pass.
    sys.exit(compare.failed > 0 or compare.compared < 1000)


if __name__ == "__main__":
    main()
