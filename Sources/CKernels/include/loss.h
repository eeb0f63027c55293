#ifndef SA_LOSS_H
#define SA_LOSS_H
#include <stdint.h>
#include "maps.h"

/// Weighted mean cross-entropy as PyTorch's: with p = softmax(logits), w = class_weights (NULL: ones), s = label_smoothing, over images
/// with a target (-1: none), `loss = sum_i [(1-s) w[t_i] (-log p[i,t_i]) + s/C sum_c w[c] (-log p[i,c])] / sum_i w[t_i]`. Returns the
/// loss, in double; NaN if no image has a target. Overwrites `gradient` (d loss / d logits) unless it is none. `logits` and `gradient`
/// are vectors [n, 1, 1, classes]; `targets` has n class indices.
double sa_cross_entropy(sa_map gradient, sa_map logits, const int32_t *targets, const float *class_weights, float label_smoothing);
#endif
