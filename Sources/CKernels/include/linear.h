#ifndef SA_LINEAR_H
#define SA_LINEAR_H
#include "convolution.h"

/// A linear layer [out, in] on vectors is a 1x1 convolution on 1x1 maps: plan, pack and run it with the functions of `convolution.h`
/// (the bias is the epilogue's shift).
///
/// A linear layer that reads a flattened C x H x W map (NCHW order, weight [out, C*H*W]) is a convolution with an H x W kernel on
/// that map, weight [out, C, H, W]: `sa_flattened_linear_geometry`. No column needs to be permuted.
static inline sa_conv_geometry sa_linear_geometry(sa_index inputs, sa_index outputs) {
  return (sa_conv_geometry){
      .input_channels = inputs, .output_channels = outputs, .kernel_height = 1, .kernel_width = 1, .stride = 1, .dilation = 1,
      .groups = 1, .input_height = 1, .input_width = 1};
}

static inline sa_conv_geometry sa_flattened_linear_geometry(sa_index channels, sa_index height, sa_index width, sa_index outputs) {
  return (sa_conv_geometry){
      .input_channels = channels, .output_channels = outputs, .kernel_height = height, .kernel_width = width, .stride = 1,
      .dilation = 1, .groups = 1, .input_height = height, .input_width = width};
}
#endif
