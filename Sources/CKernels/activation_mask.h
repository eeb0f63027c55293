// How a gradient is masked: the kinds of mask, each compiled with its activation as a constant.
#ifndef SA_ACTIVATION_MASK_H
#define SA_ACTIVATION_MASK_H
#include "lanes.h"
#include "normalization.h"

/// Where a mask comes from.
typedef enum { NO_MASK, FROM_OUTPUT, FROM_INPUT, FROM_INPUT_AND_RESIDUAL } sa_mask_kind;

SA_INLINE sa_mask_kind sa_kind_of(const sa_activation_mask *mask) {
  if (mask->activation == SA_NO_ACTIVATION) return NO_MASK;
  if (mask->output.data) return FROM_OUTPUT;
  return mask->residual.data ? FROM_INPUT_AND_RESIDUAL : FROM_INPUT;
}

/// Calls BODY(kind, activation) with constants; OTHERS are further cases.
#define SA_BY_MASK(mask, BODY, OTHERS)                                       \
  switch (sa_kind_of(mask) * 3 + (mask)->activation) {                       \
    case FROM_OUTPUT * 3 + SA_RELU: BODY(FROM_OUTPUT, SA_RELU); break;       \
    case FROM_OUTPUT * 3 + SA_RELU6: BODY(FROM_OUTPUT, SA_RELU6); break;     \
    case FROM_INPUT * 3 + SA_RELU: BODY(FROM_INPUT, SA_RELU); break;         \
    case FROM_INPUT * 3 + SA_RELU6: BODY(FROM_INPUT, SA_RELU6); break;       \
    OTHERS                                                                   \
    default: BODY(NO_MASK, SA_NO_ACTIVATION); break;                         \
  }
#endif
