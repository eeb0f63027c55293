#ifndef SA_OPTIMIZER_H
#define SA_OPTIMIZER_H
#include <stdbool.h>
#include "maps.h"
#include "pool.h"

/// PyTorch's SGD on `count` values: g = gradient_scale * gradient + weight_decay * (p - anchor); buffer = first_step ? g :
/// momentum * buffer + g; p -= learning_rate * (nesterov ? g + momentum * buffer : buffer). Updates parameter and buffer (NULL when
/// momentum is 0). A NULL anchor is 0 everywhere: plain weight decay.
void sa_sgd_update(
    float *parameter, float *momentum_buffer, const float *gradient, const float *anchor, sa_index count, double learning_rate,
    double momentum, double weight_decay, bool nesterov, bool first_step, double gradient_scale, sa_pool *pool);

/// PyTorch's AdamW: p -= learning_rate * weight_decay * (p - anchor); m += (g - m)(1 - beta1); v = beta2 v + (1 - beta2) g^2;
/// p -= learning_rate / (1 - beta1^step) * m / (sqrt(v) / sqrt(1 - beta2^step) + epsilon). `step` counts from 1. A NULL anchor is 0.
void sa_adamw_update(
    float *parameter, float *first_moment, float *second_moment, const float *gradient, const float *anchor, sa_index count,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay, sa_index step, double gradient_scale,
    sa_pool *pool);

/// Sum of x^2 in double, in fixed blocks of values merged in order.
double sa_sum_of_squares(const float *x, sa_index count, sa_pool *pool);
#endif
