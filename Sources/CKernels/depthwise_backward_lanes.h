// What the depthwise backward pass does with lanes of a row, a template over WIDTH (wide_lanes.h). The gradient and the input are read
// and dx is stored some pixels at a time, so that a lane's coefficients are loaded once for all of them.

/// Whether lane `i` is the first of its cache line, where data is fetched.
#define BEGINS_LINE(i) (WIDTH == 16 || (i) % 16 == 0)

/// Reads gradient columns `column` ..< `column + count`, lanes `first` ..< `last`, through the mask and the normalization.
SA_BODY NAME(fill)(
    sa_index first, sa_index last, float *to, const piece_state *s, const context *f, sa_index row, sa_index column, sa_index count,
    const sa_activation activation) {
  const sa_depthwise_backward *job = &f->job;
  sa_map y_map = job->y.data ? job->y : job->dy;
  sa_index pixel = row * job->dy.w + column, dy_step = job->dy.pixel_stride, y_step = y_map.pixel_stride;
  sa_index dy_ahead = ahead(job->dy, s->lanes), y_ahead = ahead(y_map, s->lanes);
  for (sa_index i = first; i < last; i += WIDTH) {
    const float *dy = sa_pixel(job->dy, s->image, pixel) + s->first + i, *y = sa_pixel(y_map, s->image, pixel) + s->first + i;
    float *out = to + place(i, column - f->start, f->columns);
    VEC a = LOAD(s->a + i), b = LOAD(s->b + i), c = LOAD(s->c + i);
    VEC mask_scale = LOAD(s->mask_scale + i), mask_shift = LOAD(s->mask_shift + i);
    ROLLED for (sa_index j = 0; j < count; j++) {
      if (BEGINS_LINE(i)) {
        __builtin_prefetch(dy + dy_ahead);
        __builtin_prefetch(y + y_ahead);
      }
      VEC g = LOAD(dy), value = LOAD(y), activated = mask_scale * value + mask_shift;
      PASS(g, activated, activation);
      STORE(out + j * LANES, a * g + (b * value + c));
      dy += dy_step;
      y += y_step;
    }
  }
}

/// Reads and activates input columns.
SA_BODY NAME(read)(sa_index first, sa_index last, piece_state *s, const context *f, sa_index row, sa_index column, sa_index count) {
  sa_map x = f->job.x;
  sa_index x_ahead = ahead(x, s->lanes);
  for (sa_index i = first; i < last; i += WIDTH) {
    const float *from = sa_pixel(x, s->image, row * x.w + column) + s->first + i;
    float *to = s->x_row + place(i, column, x.w);
    VEC scale = LOAD(s->scale + i), shift = LOAD(s->shift + i);
    ROLLED for (sa_index j = 0; j < count; j++) {
      if (BEGINS_LINE(i)) __builtin_prefetch(from + x_ahead);
      VEC value = scale * LOAD(from) + shift;
      ACTIVATE(value, f->job.prologue.activation);
      STORE(to + j * LANES, value);
      from += x.pixel_stride;
    }
  }
}

/// Stores columns of dx, and takes them and x into the sums.
SA_BODY NAME(put)(
    sa_index first, sa_index last, piece_state *s, const context *f, sa_index row, sa_index column, sa_index count,
    const sa_activation activation, const bool sums) {
  sa_map to = f->job.dx, x = f->job.x;
  for (sa_index i = first; i < last; i += WIDTH) {
    float *out = sa_pixel(to, s->image, row * to.w + column) + s->first + i;
    const float *value = sums ? sa_pixel(x, s->image, row * to.w + column) + s->first + i : out;
    const float *dx = s->dx_row + place(i, column, to.w);
    VEC a = LOAD(s->scale + i), b = LOAD(s->shift + i), center = LOAD(s->center + i);
    VEC sum = LOAD(s->sums[0] + i), product = LOAD(s->sums[1] + i);
    ROLLED for (sa_index j = 0; j < count; j++) {
      if (BEGINS_LINE(i)) {
        __builtin_prefetch(out + GROUP * to.pixel_stride, 1);
        if (sums) __builtin_prefetch(value + GROUP * x.pixel_stride);
      }
      VEC g = LOAD(dx + j * LANES), v = sums ? LOAD(value) : g, activated = a * v + b;
      STORE(out, g);
      out += to.pixel_stride;
      value += x.pixel_stride;
      if (!sums) continue;
      PASS(g, activated, activation);
      sum += g;
      product += g * (v - center);
    }
    STORE(s->sums[0] + i, sum);
    STORE(s->sums[1] + i, product);
  }
}

/// One phase of a row against `rows` kernel rows and `taps` of its taps from `from`: dx (added to where `adds`) and weight gradient.
SA_BODY NAME(meet)(
    sa_index first, sa_index last, piece_state *s, const context *f, const float *const *gradients, const sa_index *kernel_rows,
    const phase *p, sa_index from, const int rows, const int taps, const bool weights, const bool adds) {
  sa_index width = f->plan.geometry.kernel_width, step = f->plan.geometry.stride * LANES;
  sa_index area = f->plan.geometry.kernel_height * width;
  for (sa_index lane = first; lane < last; lane += WIDTH) {
    const float *kernel = f->job.packed + (s->first + lane / LANES * LANES) * area;
    sa_index i = lane % LANES, block = lane - i;
    const float *dz[3][5];
    VEC k[3][5], sum[3][5];
    UNROLL for (int u = 0; u < rows; u++)
      UNROLL for (int t = 0; t < taps; t++) {
        sa_index tap = p->tap[from + t];
        k[u][t] = LOAD(kernel + (kernel_rows[u] * width + width - 1 - tap) * LANES + i);
        if (weights) sum[u][t] = LOAD(s->weights + (kernel_rows[u] * width + tap) * f->width + lane);
        dz[u][t] = gradients[u] + block * f->columns + (p->position - p->offset[from + t]) * LANES + i;
      }
    float *dx = s->dx_row + place(lane, p->first, f->job.dx.w);
    const float *x = s->x_row + place(lane, p->first, f->job.dx.w);
    for (sa_index m = 0; m < p->count; m++) {
      VEC value = weights ? LOAD(x + m * step) : (VEC){0}, total = adds ? LOAD(dx + m * step) : (VEC){0};
      UNROLL for (int u = 0; u < rows; u++)
        UNROLL for (int t = 0; t < taps; t++) {
          VEC g = LOAD(dz[u][t] + m * LANES);
          total += g * k[u][t];
          if (weights) sum[u][t] += g * value;
        }
      STORE(dx + m * step, total);
    }
    UNROLL for (int u = 0; u < rows; u++)
      UNROLL for (int t = 0; t < taps; t++)
        if (weights) STORE(s->weights + (kernel_rows[u] * width + p->tap[from + t]) * f->width + lane, sum[u][t]);
  }
}
#undef BEGINS_LINE
