// Cross-entropy in double; a batch's logits are few.
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
