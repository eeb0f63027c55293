#ifndef SA_CKERNELS_H
#define SA_CKERNELS_H
/// The loops under the engine. C, float32, maps in NHWC; outputs come first in every argument list, then inputs, then sizes.
///
/// A kernel allocates nothing: packed weights and scratch are the caller's, sized by functions here. Work is split into pieces
/// that depend on shapes alone and are merged in piece order, so any pool gives the same bits, and an image's result doesn't
/// depend on its batch.
#include "cpu.h"
#include "pool.h"
#include "maps.h"
#include "convolution.h"
#include "linear.h"
#include "normalization.h"
#include "depthwise_backward.h"
#include "gradient_epilogue.h"
#include "inverted_residual.h"
#include "pooling.h"
#include "elementwise.h"
#include "loss.h"
#include "entropy.h"
#include "optimizer.h"
#include "peak.h"
#endif
