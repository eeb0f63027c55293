// Entropy of the softmax, in double; a batch's logits are few.
#include "entropy.h"

#include <math.h>

/// max and log(sum of exp(z - max)).
static double log_partition(const float *z, sa_index classes, double *most) {
  double sum = 0;
  *most = -INFINITY;
  for (sa_index c = 0; c < classes; c++)
    if (!((double)z[c] <= *most)) *most = (double)z[c];
  for (sa_index c = 0; c < classes; c++) sum += exp((double)z[c] - *most);
  return log(sum);
}

static double entropy(const float *z, sa_index classes, double most, double partition) {
  double sum = 0;
  for (sa_index c = 0; c < classes; c++) {
    double log_p = ((double)z[c] - most) - partition, p = exp(log_p);
    if (p != 0) sum -= p * log_p;
  }
  return sum;
}

double sa_entropy(sa_map gradient, sa_map logits, double limit, sa_index *counted) {
  sa_index classes = logits.c;
  double loss = 0, most;
  *counted = 0;
  for (sa_index i = 0; i < logits.n; i++) {
    const float *z = logits.data + i * logits.pixel_stride;
    double partition = log_partition(z, classes, &most), own = entropy(z, classes, most, partition);
    // What isn't a number counts, so that it is seen.
    if (own >= limit) continue;
    loss += own;
    *counted += 1;
  }
  double count = *counted > 0 ? (double)*counted : 1;
  for (sa_index i = 0; gradient.data && i < logits.n; i++) {
    const float *z = logits.data + i * logits.pixel_stride;
    float *g = gradient.data + i * gradient.pixel_stride;
    for (sa_index c = 0; c < sa_padded(classes); c++) g[c] = 0;
    double partition = log_partition(z, classes, &most), own = entropy(z, classes, most, partition);
    if (own >= limit) continue;
    for (sa_index c = 0; c < classes; c++) {
      double log_p = ((double)z[c] - most) - partition, p = exp(log_p);
      if (p != 0) g[c] = (float)(-p * (log_p + own) / count);
    }
  }
  return loss / count;
}
