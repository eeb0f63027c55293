#ifndef SA_LOSS_H
#define SA_LOSS_H
#include <stdint.h>
#include "maps.h"

/// Weighted mean cross-entropy as PyTorch's: with p = softmax(logits), w = class_weights (NULL: ones), s = label_smoothing, over images
/// with a target (-1: none), `loss = sum_i [(1-s) w[t_i] (-log p[i,t_i]) + s/C sum_c w[c] (-log p[i,c])] / sum_i w[t_i]`. Returns the
/// loss, in double; NaN if no image has a target. Overwrites `gradient` (d loss / d logits) unless it is none. `logits` and `gradient`
/// are vectors [n, 1, 1, classes]; `targets` has n class indices.
double sa_cross_entropy(sa_map gradient, sa_map logits, const int32_t *targets, const float *class_weights, float label_smoothing);

/// Mean binary cross-entropy over the entries that are known: with p = sigmoid(logits), y = target (1: present, 0: absent, -1: unknown),
/// s = label_smoothing, y' = (1-s) y + s/2 and w = positive_weights (per class; NULL: ones),
/// `loss = sum over known of -[w y' log p + (1-y') log(1-p)] / count of known`: PyTorch's `binary_cross_entropy_with_logits(weight=known,
/// pos_weight=w, reduction="sum") / known.sum()`. Returns the loss, in double; NaN if nothing is known. Overwrites `gradient` (d loss / d
/// logits; exactly 0 where unknown, whatever the logit) unless it is none. Maps as above; `targets` is [n, classes].
double sa_binary_cross_entropy(sa_map gradient, sa_map logits, const int32_t *targets, const float *positive_weights, float label_smoothing);
#endif
