// Cross-entropies in double; a batch's logits are few.
#include "loss.h"

#include <math.h>
#include <stddef.h>

/// log(sum of exp(logits)).
static double log_partition(const float *logits, sa_index classes) {
  double most = -INFINITY, sum = 0;
  for (sa_index c = 0; c < classes; c++)
    if ((double)logits[c] > most) most = (double)logits[c];
  for (sa_index c = 0; c < classes; c++) sum += exp((double)logits[c] - most);
  return most + log(sum);
}

double sa_cross_entropy(sa_map gradient, sa_map logits, const int32_t *targets, const float *class_weights, float label_smoothing) {
  sa_index classes = logits.c;
  double smoothing = (double)label_smoothing, total_weight = 0, weight_sum = 0, loss = 0;
  for (sa_index i = 0; i < logits.n; i++)
    if (targets[i] >= 0) total_weight += class_weights ? (double)class_weights[targets[i]] : 1;
  for (sa_index c = 0; c < classes; c++) weight_sum += class_weights ? (double)class_weights[c] : 1;
  for (sa_index i = 0; i < logits.n; i++) {
    const float *z = logits.data + i * logits.pixel_stride;
    float *g = gradient.data ? gradient.data + i * gradient.pixel_stride : NULL;
    for (sa_index c = 0; g && c < sa_padded(classes); c++) g[c] = 0;
    if (targets[i] < 0) continue;
    double partition = log_partition(z, classes);
    double own = (1 - smoothing) * (class_weights ? (double)class_weights[targets[i]] : 1);
    double spread = smoothing / (double)classes;
    for (sa_index c = 0; c < classes; c++) {
      double weight = spread * (class_weights ? (double)class_weights[c] : 1) + (c == targets[i] ? own : 0);
      loss += weight * (partition - (double)z[c]);
      if (g) g[c] = (float)(((own + spread * weight_sum) * exp((double)z[c] - partition) - weight) / total_weight);
    }
  }
  return loss / total_weight;
}

/// log(1 + exp(x)), without overflow.
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

double sa_binary_cross_entropy(sa_map gradient, sa_map logits, const int32_t *targets, const float *positive_weights, float label_smoothing) {
  sa_index classes = logits.c;
  double smoothing = (double)label_smoothing, known = 0, loss = 0;
  for (sa_index k = 0; k < logits.n * classes; k++) known += targets[k] >= 0;
  for (sa_index i = 0; i < logits.n; i++) {
    const float *z = logits.data + i * logits.pixel_stride;
    float *g = gradient.data ? gradient.data + i * gradient.pixel_stride : NULL;
    for (sa_index c = 0; g && c < sa_padded(classes); c++) g[c] = 0;
    for (sa_index c = 0; c < classes; c++) {
      int32_t target = targets[i * classes + c];
      if (target < 0) continue;
      double logit = (double)z[c];
      double present = (1 - smoothing) * target + smoothing / 2;
      double positive = (positive_weights ? (double)positive_weights[c] : 1) * present, negative = 1 - present;
      loss += positive * softplus(-logit) + negative * softplus(logit);
      double probability = 1 / (1 + exp(-logit));
      if (g) g[c] = (float)((negative * probability - positive * (1 - probability)) / known);
    }
  }
  return loss / known;
}
