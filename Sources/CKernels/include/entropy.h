#ifndef SA_ENTROPY_H
#define SA_ENTROPY_H
#include "maps.h"

/// Mean Shannon entropy of softmax(logits) over the images whose own is below `limit`: `H_i = -sum_c p[i,c] log p[i,c]`, `loss = sum_i H_i
/// / counted`, with d H_i / d z[i,c] = -p[i,c] (log p[i,c] + H_i) and 0 where p is 0. Returns the loss, in double; 0 where no image counts.
/// Overwrites `gradient` (0 for images that don't count) unless it is none, and `counted`. Maps are vectors [n, 1, 1, classes].
double sa_entropy(sa_map gradient, sa_map logits, double limit, sa_index *counted);
#endif
